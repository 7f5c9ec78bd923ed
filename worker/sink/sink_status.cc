#include "worker/sink/sink_status.h"

#include <cstdint>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace binferry::worker {
namespace {

constexpr absl::string_view kFencedUrl = "binferry/sink/fenced";
constexpr absl::string_view kNewerEpochUrl = "binferry/sink/newer-epoch";

}  // namespace

absl::Status FencedError(absl::string_view message) {
  absl::Status status = absl::AbortedError(message);
  status.SetPayload(kFencedUrl, absl::Cord("fenced"));
  return status;
}

bool IsFenced(const absl::Status& status) {
  return status.GetPayload(kFencedUrl).has_value();
}

absl::Status NewerEpochError(Epoch ours, Epoch found) {
  absl::Status status = absl::FailedPreconditionError(absl::StrCat(
      "the destination holds a checkpoint of epoch ", found.value(),
      " of this task, but the task was granted under epoch ", ours.value(),
      ": was the controller's database restored from a backup? A grant above "
      "epoch ",
      found.value(), " is needed"));
  status.SetPayload(kNewerEpochUrl, absl::Cord(absl::StrCat(found.value())));
  return status;
}

std::optional<Epoch> NewerEpoch(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kNewerEpochUrl);
  if (!payload.has_value()) return std::nullopt;
  int64_t epoch = 0;
  if (!absl::SimpleAtoi(std::string(*payload), &epoch)) return std::nullopt;
  return Epoch(epoch);
}

}  // namespace binferry::worker
