// A sink that breaks the rule of a build with -DBINFERRY_BREAK.
#ifndef BINFERRY_WORKER_TASK_BROKEN_SINK_H_
#define BINFERRY_WORKER_TASK_BROKEN_SINK_H_

#include <memory>

#include "common/broken_rule.h"
#include "worker/sink/record_sink.h"

namespace binferry::worker {

// `sink` behind one that breaks `rule` now and then; `sink` itself where the
// rule is none that a sink could break.
std::unique_ptr<RecordSink> BreakRule(BrokenRule rule,
                                      std::unique_ptr<RecordSink> sink);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_BROKEN_SINK_H_
