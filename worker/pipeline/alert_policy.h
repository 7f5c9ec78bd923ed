// What becomes of changes that the binlog doesn't have.
#ifndef BINFERRY_WORKER_PIPELINE_ALERT_POLICY_H_
#define BINFERRY_WORKER_PIPELINE_ALERT_POLICY_H_

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "worker/binlog/coordinates.h"
#include "worker/pipeline/pipeline_options.h"

namespace binferry::worker {

// "UNREAD_STATEMENT" and so on, as task events show it.
absl::string_view AlertReasonName(PipelineAlert::Reason reason);

// Lets them be an error or an alert, as the task wants it. Thread-safe if the
// listener is.
class AlertPolicy {
 public:
  // `listener` may be empty.
  AlertPolicy(UnreadableChange unreadable_change,
              std::function<void(const PipelineAlert&)> listener)
      : unreadable_change_(unreadable_change), listener_(std::move(listener)) {}

  // Whether the pipeline goes on behind such a change.
  bool goes_on() const {
    return unreadable_change_ == UnreadableChange::kAlert;
  }

  // `change` says what is missing, and names no place. Under kStop it is
  // returned with what can be done; under kAlert the listener hears of it, and
  // OK is returned: the caller counts the alert.
  absl::Status Raise(PipelineAlert::Reason reason, const absl::Status& change,
                     const Coordinates& place) const;

 private:
  const UnreadableChange unreadable_change_;
  const std::function<void(const PipelineAlert&)> listener_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_ALERT_POLICY_H_
