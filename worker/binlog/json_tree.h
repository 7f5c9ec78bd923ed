// A binary JSON document that is being changed.
#ifndef BINFERRY_WORKER_BINLOG_JSON_TREE_H_
#define BINFERRY_WORKER_BINLOG_JSON_TREE_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/binlog/json_path.h"
#include "worker/binlog/json_text.h"
#include "worker/binlog/json_value.h"

namespace binferry::worker {

// Memory and work grow with the changes, not with the document: a container
// that was changed is kept as the runs of its old contents between the new
// ones.
//
// The methods are the operations of JSON diffs (sql/json_diff.h in
// mysql-server); DATA_LOSS if the document has no such place, or is damaged
// where they look. After an error the tree is of no use. What it was made of
// must outlive it. Thread-compatible.
class JsonTree {
 public:
  explicit JsonTree(const JsonValue& document);
  ~JsonTree();

  // Puts `value` in the place of what `path` names.
  absl::Status Replace(absl::Span<const JsonPathLeg> path,
                       const JsonValue& value);
  // Adds a member that isn't there, in the order of keys, or an element ahead
  // of the one with the index, which may be beyond the array's end.
  absl::Status Insert(absl::Span<const JsonPathLeg> path,
                      const JsonValue& value);
  absl::Status Remove(absl::Span<const JsonPathLeg> path);

  // Appends the whole document.
  absl::Status Write(JsonText* out) const;

 private:
  class Node;

  // The node that `path` leads to.
  absl::StatusOr<Node*> Descend(absl::Span<const JsonPathLeg> path);

  std::unique_ptr<Node> root_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_JSON_TREE_H_
