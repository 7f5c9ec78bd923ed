// A row filter made ready for the rows of one table version.
#ifndef BINFERRY_WORKER_SELECT_ROW_PREDICATE_H_
#define BINFERRY_WORKER_SELECT_ROW_PREDICATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/row_filter.h"
#include "worker/charset/charset.h"
#include "worker/schema/row.h"
#include "worker/schema/table_schema.h"
#include "worker/select/filter_operand.h"
#include "worker/select/like_pattern.h"

namespace binferry::worker {

// Answers as `SELECT ... WHERE filter` does on the source: three truth values,
// numbers compared exactly, texts as under utf8mb4_0900_bin, TIMESTAMP in UTC.
// docs/row-filter.md has the rules. Immutable.
class RowPredicate {
 public:
  // Statuses name the column: FAILED_PRECONDITION for one that the table lacks;
  // INVALID_ARGUMENT for one whose type can't be compared with its literal;
  // both with the remedy, neither with the table.
  static absl::StatusOr<RowPredicate> Create(const RowFilter& filter,
                                             const TableSchema& schema,
                                             InvalidText invalid_text);

  // The columns that it looks at, by index, each once.
  absl::Span<const uint16_t> columns() const { return column_indexes_; }

  // Whether the filter is true of a row: `image`, and for columns absent there
  // `fallback`, which may be `image` again. `scratch` is memory to be reused.
  // FAILED_PRECONDITION, naming the column, if the row lacks one of the columns
  // in both, whether or not the answer hangs on it; INVALID_ARGUMENT for a text
  // that is none in its character set, under InvalidText::kStop.
  absl::StatusOr<bool> Passes(absl::Span<const Value> image,
                              absl::Span<const Value> fallback,
                              std::string* scratch) const;

 private:
  enum class Truth : uint8_t { kFalse, kUnknown, kTrue };

  struct FilteredColumn {
    uint16_t index = 0;
    std::string name;
    FilterFamily family = FilterFamily::kNone;
    // Of texts: whether their bytes are UTF-8 as they are.
    bool is_utf8 = true;
    Charset charset = Charset::kUtf8mb4;
    std::vector<std::string> labels;  // ENUM and SET: in UTF-8.
  };
  struct Node {
    FilterNode::Kind kind = FilterNode::Kind::kIsNull;
    FilterNode::Comparison comparison = FilterNode::Comparison::kEqual;
    std::vector<uint32_t> operands;
    uint32_t column = 0;
    std::vector<FilterOperand> literals;
    std::vector<LikePattern> like;  // One, or none for LIKE NULL.
  };
  struct Row {
    absl::Span<const Value> image;
    absl::Span<const Value> fallback;
    std::string* scratch = nullptr;
    // Set where a text can't be read.
    const FilteredColumn* invalid = nullptr;

    const Value& operator[](size_t column) const {
      const Value& value = image[column];
      return value.kind == Value::Kind::kAbsent ? fallback[column] : value;
    }
  };

  absl::Status AddColumn(const std::string& name, const TableSchema& schema);
  absl::Status AddNode(const FilterNode& node, const TableSchema& schema);
  Truth Evaluate(uint32_t node, Row* row) const;
  Truth EvaluateValue(const Node& node, Row* row) const;
  // In UTF-8; valid until the next call.
  absl::string_view TextOf(const FilteredColumn& column, const Value& value,
                           Row* row) const;

  InvalidText invalid_text_ = InvalidText::kStop;
  std::vector<FilteredColumn> columns_;
  std::vector<uint16_t> column_indexes_;
  std::vector<Node> nodes_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SELECT_ROW_PREDICATE_H_
