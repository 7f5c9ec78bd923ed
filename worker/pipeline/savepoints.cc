#include "worker/pipeline/savepoints.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace binferry::worker {
namespace {

bool IsAscii(absl::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isascii(static_cast<unsigned char>(c));
  });
}

bool IsSame(absl::string_view a, absl::string_view b) {
  return a == b || (IsAscii(a) && IsAscii(b) && absl::EqualsIgnoreCase(a, b));
}

// No if they differ in front of all that isn't ASCII.
bool MayBeSame(absl::string_view a, absl::string_view b) {
  const size_t common = std::min(a.size(), b.size());
  for (size_t i = 0; i < common; ++i) {
    if (!IsAscii(a.substr(i, 1)) || !IsAscii(b.substr(i, 1))) return true;
    if (!absl::EqualsIgnoreCase(a.substr(i, 1), b.substr(i, 1))) return false;
  }
  return a.size() == b.size();
}

}  // namespace

void Savepoints::Set(absl::string_view name, uint64_t mark) {
  const auto former = std::find_if(
      savepoints_.begin(), savepoints_.end(),
      [name](const Savepoint& other) { return IsSame(other.name, name); });
  if (former != savepoints_.end()) {
    savepoints_.erase(former);
  } else if (savepoints_.size() == kMaxSavepoints) {
    savepoints_.pop_front();
  }
  savepoints_.push_back({std::string(name), mark});
}

std::optional<uint64_t> Savepoints::RollBackTo(absl::string_view name) {
  const auto last = std::find_if(
      savepoints_.rbegin(), savepoints_.rend(),
      [name](const Savepoint& other) { return MayBeSame(other.name, name); });
  if (last == savepoints_.rend() || !IsSame(last->name, name)) {
    return std::nullopt;
  }
  const uint64_t mark = last->mark;
  savepoints_.erase(last.base(), savepoints_.end());
  return mark;
}

}  // namespace binferry::worker
