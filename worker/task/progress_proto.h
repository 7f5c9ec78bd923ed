// What a pipeline is doing, in the words of the heartbeat.
#ifndef BINFERRY_WORKER_TASK_PROGRESS_PROTO_H_
#define BINFERRY_WORKER_TASK_PROGRESS_PROTO_H_

#include "worker/agent/task_progress.h"
#include "worker/pipeline/pipeline_statistics.h"

namespace binferry::worker {

// `load` is set while rows flow.
TaskProgress ToProgress(const PipelineStatistics& statistics);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_PROGRESS_PROTO_H_
