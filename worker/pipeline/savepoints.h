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
// Names compare without regard to the case of ASCII letters. Thread-compatible.
class Savepoints {
 public:
  // Those set first are forgotten beyond it, as if they had never been set.
  static constexpr size_t kMaxSavepoints = 1024;

  void Clear() { savepoints_.clear(); }
  // Replaces a savepoint of the same name.
  void Set(absl::string_view name, uint64_t mark);
  // The savepoint's mark; those set after it are gone. Nothing if there is no
  // such savepoint.
  std::optional<uint64_t> RollBackTo(absl::string_view name);

 private:
  struct Savepoint {
    std::string name;
    uint64_t mark = 0;
  };

  std::deque<Savepoint>::iterator Find(absl::string_view name);

  std::deque<Savepoint> savepoints_;  // In the order of setting.
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_SAVEPOINTS_H_
