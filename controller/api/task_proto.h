// A task as users see it.
#ifndef BINFERRY_CONTROLLER_API_TASK_PROTO_H_
#define BINFERRY_CONTROLLER_API_TASK_PROTO_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "binferry/v1/task.pb.h"
#include "controller/model/event.h"
#include "controller/model/task.h"
#include "controller/model/task_report.h"
#include "controller/store/task_store.h"

namespace binferry::controller {

enum class TaskView { kBasic, kFull };

// `when_unspecified` for TASK_VIEW_UNSPECIFIED; INVALID_ARGUMENT (field "view")
// for a number that the enum doesn't have.
absl::StatusOr<TaskView> ViewFromProto(v1::TaskView view,
                                       TaskView when_unspecified);

// The task as of `now`. `details` show only in view FULL.
// Never has secrets. INTERNAL if the stored definition is damaged.
absl::StatusOr<v1::Task> ToProto(const Task& task, TaskView view,
                                 const TaskDetails& details, absl::Time now);

// Parts of the status, also used for what workers report.
v1::Position PositionToProto(const Position& position);
v1::Counters CountersToProto(const Counters& counters);
v1::PipelineLoad LoadToProto(const PipelineLoad& load);
v1::TableCounters TableCountersToProto(const TableCounters& counters);
v1::Fault FaultToProto(const Fault& fault);
v1::TaskEvent EventToProto(const TaskEvent& event);

// The text of Task.etag.
std::string EtagOf(const Task& task);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_TASK_PROTO_H_
