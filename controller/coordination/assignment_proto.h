// What workers and controllers tell each other: private messages <-> model.
#ifndef BINFERRY_CONTROLLER_COORDINATION_ASSIGNMENT_PROTO_H_
#define BINFERRY_CONTROLLER_COORDINATION_ASSIGNMENT_PROTO_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "binferry/coordination/v1/coordination_service.pb.h"
#include "controller/model/assignment.h"
#include "controller/model/probe.h"
#include "controller/model/task.h"
#include "controller/model/worker.h"
#include "controller/store/assignment_store.h"

namespace binferry::controller {

namespace coordination_v1 = ::binferry::coordination::v1;

inline constexpr int kMaxReportedTasks = 10'000;
inline constexpr int kMaxSlots = 10'000;
inline constexpr int kMaxLabels = 64;
// Longer texts of workers are cut.
inline constexpr size_t kMaxReportedTextBytes = 4 * 1024;
inline constexpr absl::Duration kMaxHold = absl::Seconds(2);

// INVALID_ARGUMENT unless name and incarnation have their forms.
absl::StatusOr<WorkerIdentity> IdentityFromProto(
    const coordination_v1::WorkerIdentity& identity);

// INVALID_ARGUMENT with every violation.
absl::StatusOr<Heartbeat> HeartbeatFromProto(
    const coordination_v1::HeartbeatRequest& request);

// How long the answer may be held: 0 to kMaxHold.
absl::Duration HoldFromProto(const coordination_v1::HeartbeatRequest& request);

coordination_v1::HeartbeatResponse ToProto(const WorkerOrders& orders);

// INVALID_ARGUMENT as IdentityFromProto, or for a uid that is none.
absl::StatusOr<AssignmentClaim> ClaimFromProto(
    const coordination_v1::WorkerIdentity& worker, const std::string& task_uid,
    int64_t epoch);

// The task with its secrets, and its runtime: for its worker only.
// `state_topic_prefix` names the topics and the transactional id.
absl::StatusOr<coordination_v1::GetTaskSpecResponse> ToProto(
    const AssignedTask& assigned, const TaskSecrets& secrets,
    const std::string& state_topic_prefix);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_COORDINATION_ASSIGNMENT_PROTO_H_
