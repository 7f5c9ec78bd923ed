// How far a task's run has come.
#ifndef BINFERRY_WORKER_AGENT_TASK_PROGRESS_H_
#define BINFERRY_WORKER_AGENT_TASK_PROGRESS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "binferry/v1/task_status.pb.h"

namespace binferry::worker {

// Facts of a task's run, for the heartbeat.
struct TaskProgress {
  bool start_position_committed = false;
  // Nothing is left to do: the task's state is removed from the destination.
  bool is_finished = false;
  // Unset before the start position is known.
  std::optional<v1::Position> position;
  // The source's end; unset before it was heard of.
  std::optional<v1::Position> source_position;
  std::optional<int64_t> lag_ms;
  v1::Counters counters;
  // Most records first.
  std::vector<v1::TableCounters> top_tables;
  // Unset while nothing flows.
  std::optional<v1::PipelineLoad> load;
};

// Of `top_tables`.
inline constexpr size_t kMaxTopTables = 20;

// What a task reports whose attempts before came to `before`, and whose present
// one came to `now`.
TaskProgress Together(const TaskProgress& before, TaskProgress now);

// True if something was delivered in between.
bool Advanced(const TaskProgress& before, const TaskProgress& after);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_TASK_PROGRESS_H_
