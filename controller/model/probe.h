// A question that a worker answers from where it stands.
#ifndef BINFERRY_CONTROLLER_MODEL_PROBE_H_
#define BINFERRY_CONTROLLER_MODEL_PROBE_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/ids.h"

namespace binferry::controller {

// Numbered as binferry.coordination.v1.ProbeKind.
enum class ProbeKind { kCheckSource = 1, kCheckDestination };

inline constexpr ProbeKind kProbeKinds[] = {ProbeKind::kCheckSource,
                                            ProbeKind::kCheckDestination};

// "CHECK_SOURCE", "CHECK_DESTINATION".
absl::string_view ProbeKindName(ProbeKind kind);
std::optional<ProbeKind> ParseProbeKind(absl::string_view name);

// Nobody waits longer for an answer.
inline constexpr absl::Duration kProbeTimeout = absl::Seconds(60);

// A probe that waits for its answer.
struct Probe {
  std::string id;
  TaskUid task_uid;
  Epoch epoch;
  ProbeKind kind = ProbeKind::kCheckSource;
  absl::Duration time_left;
};

struct ProbeResult {
  std::string id;
  bool passed = false;
  std::string message;
};

// Longer messages are cut.
inline constexpr size_t kMaxProbeMessageBytes = 16 * 1024;

// The newest probe of one kind of a task: open until `answer` is set.
struct ConnectionCheck {
  struct Answer {
    bool passed = false;
    std::string message;
    absl::Time time;
  };

  Epoch epoch;
  Generation generation;  // Of the spec that it concerns.
  absl::Time deadline;
  std::optional<Answer> answer;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_PROBE_H_
