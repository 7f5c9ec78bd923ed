// The savepoints of a transaction.
#ifndef BINFERRY_WORKER_PIPELINE_SAVEPOINTS_H_
#define BINFERRY_WORKER_PIPELINE_SAVEPOINTS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace binferry::worker {

// Remembers a mark, the caller's count of rows events, for each savepoint.
// Servers compare the names without regard to case and accents (collation
// utf8mb3_general_ci). Here names in ASCII are compared so; others are the same
// where their bytes are, and where servers may think otherwise no savepoint is
// known. Thread-compatible.
class Savepoints {
 public:
  // Those set first are forgotten beyond it, as if they had never been set.
  static constexpr size_t kMaxSavepoints = 1024;

  void Clear() { savepoints_.clear(); }
  // Replaces a savepoint that has the same name beyond doubt.
  void Set(absl::string_view name, uint64_t mark);
  // The savepoint's mark; those set after it are gone. Nothing if there is no
  // such savepoint, or if it can't be told which one it is.
  std::optional<uint64_t> RollBackTo(absl::string_view name);

 private:
  struct Savepoint {
    std::string name;
    uint64_t mark = 0;
  };

  std::deque<Savepoint> savepoints_;  // In the order of setting.
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_SAVEPOINTS_H_
