#include "worker/pipeline/savepoints.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace binferry::worker {

std::deque<Savepoints::Savepoint>::iterator Savepoints::Find(
    absl::string_view name) {
  return std::find_if(savepoints_.begin(), savepoints_.end(),
                      [name](const Savepoint& savepoint) {
                        return absl::EqualsIgnoreCase(savepoint.name, name);
                      });
}

void Savepoints::Set(absl::string_view name, uint64_t mark) {
  const auto former = Find(name);
  if (former != savepoints_.end()) {
    savepoints_.erase(former);
  } else if (savepoints_.size() == kMaxSavepoints) {
    savepoints_.pop_front();
  }
  savepoints_.push_back({std::string(name), mark});
}

std::optional<uint64_t> Savepoints::RollBackTo(absl::string_view name) {
  const auto found = Find(name);
  if (found == savepoints_.end()) return std::nullopt;
  const uint64_t mark = found->mark;
  savepoints_.erase(found + 1, savepoints_.end());
  return mark;
}

}  // namespace binferry::worker
