// A task's way into its destination.
#ifndef BINFERRY_WORKER_TASK_TASK_SINK_H_
#define BINFERRY_WORKER_TASK_TASK_SINK_H_

#include <cstdint>
#include <stop_token>

#include "common/clock.h"
#include "worker/agent/task_attempt.h"
#include "worker/sink/record_sink.h"
#include "worker/task/task_spec.h"

namespace binferry::worker {

// Opens the Kafka sink of `spec` under the epoch of `surroundings`. A
// checkpoint of a newer epoch is reported to the surroundings and becomes
// ABORTED: a higher grant will come. `clock` must outlive the opener and its
// sinks.
SinkOpener TaskSinkOpener(const TaskSpec& spec, int32_t state_partition,
                          const AttemptSurroundings& surroundings,
                          std::stop_token interrupt, const Clock* clock);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_TASK_SINK_H_
