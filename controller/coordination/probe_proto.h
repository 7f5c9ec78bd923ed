// What workers answer to probes, between the wire and the store.
#ifndef BINFERRY_CONTROLLER_COORDINATION_PROBE_PROTO_H_
#define BINFERRY_CONTROLLER_COORDINATION_PROBE_PROTO_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "binferry/coordination/v1/coordination_service.pb.h"
#include "controller/model/probe.h"

namespace binferry::controller {

// Answers of one call are at most so large.
inline constexpr size_t kMaxProbeResultsBytes = 1024 * 1024;

// With the names and times that the controller fills in: tests and prechecks
// tell who answered, and that it was `now`. INVALID_ARGUMENT for more than
// 1 MiB or a result without an id.
absl::StatusOr<std::vector<ProbeAnswer>> AnswersFromProto(
    const coordination::v1::ReportProbeResultsRequest& request, absl::Time now);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_COORDINATION_PROBE_PROTO_H_
