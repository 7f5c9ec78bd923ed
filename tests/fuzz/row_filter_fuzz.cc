// Arbitrary bytes as the text of a row filter: what is parsed keeps the limits
// and can be walked through.
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/row_filter.h"

namespace binferry {
namespace {

void Require(bool holds) {
  if (!holds) __builtin_trap();
}

void Check(const RowFilter& filter, size_t index) {
  const FilterNode& node = filter.nodes[index];
  for (const uint32_t operand : node.operands) Require(operand < index);
  switch (node.kind) {
    case FilterNode::Kind::kAnd:
    case FilterNode::Kind::kOr:
      return Require(node.operands.size() >= 2 && node.literals.empty());
    case FilterNode::Kind::kNot:
      return Require(node.operands.size() == 1);
    case FilterNode::Kind::kCompare:
    case FilterNode::Kind::kLike:
      return Require(node.literals.size() == 1 &&
                     node.column < filter.columns.size());
    case FilterNode::Kind::kIn:
      return Require(!node.literals.empty() &&
                     node.column < filter.columns.size());
    case FilterNode::Kind::kIsNull:
      return Require(node.column < filter.columns.size());
  }
}

void Run(absl::string_view text) {
  const absl::StatusOr<RowFilter> filter = ParseRowFilter(text);
  if (!filter.ok()) {
    Require(absl::IsInvalidArgument(filter.status()));
    return;
  }
  Require(!filter->nodes.empty() && !filter->columns.empty());
  for (size_t i = 0; i < filter->nodes.size(); ++i) Check(*filter, i);
}

}  // namespace
}  // namespace binferry

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  binferry::Run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
