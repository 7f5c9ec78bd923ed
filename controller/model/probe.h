// A question that a worker answers from where it stands.
#ifndef BINFERRY_CONTROLLER_MODEL_PROBE_H_
#define BINFERRY_CONTROLLER_MODEL_PROBE_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/ids.h"
#include "controller/model/precheck.h"

namespace binferry::controller {

// Nobody waits longer for an answer.
inline constexpr absl::Duration kMaxProbeTime = absl::Minutes(2);
// More open questions about one task are refused.
inline constexpr size_t kMaxOpenProbesPerTask = 16;

// A question that waits for its answer. `question` is a message that only the
// edges know (binferry.coordination.v1.Probe with nothing but its question).
struct Probe {
  std::string id;  // A UUID.
  TaskUid task_uid;
  Epoch epoch;
  std::string question;
  absl::Duration time_left;
};

enum class TestedEndpoint { kSource = 1, kDestination };

// The last connection test of one end of a task, in a form that only the edges
// know (binferry.v1.ConnectionTest).
struct KeptTest {
  TestedEndpoint endpoint = TestedEndpoint::kSource;
  std::string document;
};

// What a worker answered. `answer` is the whole of it, for whoever asked
// (binferry.coordination.v1.ProbeResult); a test and a precheck are kept
// besides, whether anybody still waits or not.
struct ProbeAnswer {
  std::string id;
  std::string answer;
  std::optional<KeptTest> test;
  std::optional<Precheck> precheck;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_PROBE_H_
