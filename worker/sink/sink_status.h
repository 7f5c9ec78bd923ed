// Two outcomes of a sink that its user must tell from all others.
#ifndef BINFERRY_WORKER_SINK_SINK_STATUS_H_
#define BINFERRY_WORKER_SINK_SINK_STATUS_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/ids.h"

namespace binferry::worker {

// ABORTED: a newer producer of the task has fenced this one, or the broker has
// timed out its Kafka transaction, which looks the same. Whoever gets it opens
// the sink anew if its lease is live, and ends quietly if it is not.
absl::Status FencedError(absl::string_view message);
bool IsFenced(const absl::Status& status);

// FAILED_PRECONDITION: the destination holds a checkpoint of a later grant of
// the task than `ours`, which happens when the controller's database was
// restored from a backup. The controller must grant an epoch above `found`.
absl::Status NewerEpochError(Epoch ours, Epoch found);

// The `found` of NewerEpochError; nothing for any other status.
std::optional<Epoch> NewerEpoch(const absl::Status& status);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_SINK_STATUS_H_
