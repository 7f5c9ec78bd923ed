// Answering what users ask about a task's source and destination.
#ifndef BINFERRY_WORKER_TASK_PROBE_ANSWERS_H_
#define BINFERRY_WORKER_TASK_PROBE_ANSWERS_H_

#include "common/clock.h"
#include "worker/agent/probe_runner.h"

namespace binferry::worker {

// Answers every question of coordination/v1/probe.proto. Connection tests and
// lists take a task whose definition isn't complete; the precheck gives a fault
// that names what is missing. A source that can't be reached is an answer of
// tests and prechecks, and a fault of lists. `clock` must outlive the result.
ProbeRunner::Execute MakeProbeAnswers(const Clock* clock);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_PROBE_ANSWERS_H_
