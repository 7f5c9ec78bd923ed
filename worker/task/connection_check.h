// What a probe asks of a task's source and destination.
#ifndef BINFERRY_WORKER_TASK_CONNECTION_CHECK_H_
#define BINFERRY_WORKER_TASK_CONNECTION_CHECK_H_

#include "common/clock.h"
#include "worker/agent/probe_runner.h"

namespace binferry::worker {

// CHECK_SOURCE connects and compares settings, privileges and the selected
// objects with what a task needs; CHECK_DESTINATION connects and looks up the
// topic that must exist. OK: what was found, in a sentence or two. Errors name
// field, cause and remedy. `clock` must outlive the function.
ProbeRunner::Execute MakeConnectionCheck(const Clock* clock);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_CONNECTION_CHECK_H_
