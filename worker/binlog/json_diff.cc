#include "worker/binlog/json_diff.h"

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/status_macros.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/json_binary.h"
#include "worker/binlog/json_path.h"
#include "worker/binlog/json_text.h"
#include "worker/binlog/json_tree.h"
#include "worker/binlog/json_value.h"

namespace binferry::worker {
namespace {

enum class Operation : uint8_t { kReplace = 0, kInsert = 1, kRemove = 2 };

absl::Status ApplyNext(ByteReader* diffs, JsonTree* tree) {
  const Operation operation = static_cast<Operation>(diffs->U8());
  BINFERRY_ASSIGN_OR_RETURN(const std::vector<JsonPathLeg> path,
                            ParseJsonPath(diffs->PackedText()));
  JsonValue value;
  if (operation != Operation::kRemove) {
    value = ReadJsonDocument(diffs->PackedText());
  }
  if (!diffs->ok()) return DamagedJson("a diff is cut off");
  switch (operation) {
    case Operation::kReplace:
      return tree->Replace(path, value);
    case Operation::kInsert:
      return tree->Insert(path, value);
    case Operation::kRemove:
      return tree->Remove(path);
  }
  return DamagedJson("a diff of unknown kind");
}

}  // namespace

absl::Status AppendPatchedJsonText(absl::string_view before_document,
                                   absl::string_view diffs, std::string* text) {
  JsonTree tree(ReadJsonDocument(before_document));
  for (ByteReader left(AsBytes(diffs)); !left.AtEnd();) {
    BINFERRY_RETURN_IF_ERROR(ApplyNext(&left, &tree));
  }
  JsonText out(MaxJsonTextBytes(before_document.size() + diffs.size()), text);
  return tree.Write(&out);
}

}  // namespace binferry::worker
