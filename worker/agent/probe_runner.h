// Questions that must be asked from the worker's network.
#ifndef BINFERRY_WORKER_AGENT_PROBE_RUNNER_H_
#define BINFERRY_WORKER_AGENT_PROBE_RUNNER_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "binferry/coordination/v1/coordination_service.pb.h"
#include "common/clock.h"
#include "worker/agent/coordination_client.h"

namespace binferry::worker {

// Fetches the task's spec, asks, and reports what was found, in the order in
// which probes came. Several threads may be in Run: each executes one probe at
// a time. The task may run meanwhile, or not.
//
// A probe that can't be answered in its time is interrupted and dropped: nobody
// waits for it.
//
// Thread-safe.
class ProbeRunner {
 public:
  // Answers the question of `probe`: a result of at most kMaxResultBytes with
  // `answer` set and nothing else. An error becomes a ProbeFault. Takes at most
  // about `time_left` and returns soon after `stop`.
  using Execute = std::function<absl::StatusOr<coordination::v1::ProbeResult>(
      const coordination::v1::Probe& probe,
      const coordination::v1::GetTaskSpecResponse& spec,
      absl::Duration time_left, std::stop_token stop)>;

  // What a call that reports may hold, with room for what is around the answer.
  static constexpr size_t kMaxResultBytes = (size_t{1} << 20) - 4096;

  // Probes that wait; more are left to the next heartbeat.
  static constexpr size_t kMaxWaiting = 64;
  // Ids that are remembered so that a probe is executed once.
  static constexpr size_t kMaxSeen = 1024;

  // `clock` and `client` outlive this object.
  ProbeRunner(const Clock* clock, CoordinationClient* client, Execute execute);

  // Takes a probe unless it is known or expired.
  void Submit(const coordination::v1::Probe& probe) ABSL_LOCKS_EXCLUDED(mu_);

  void Run(std::stop_token stop) ABSL_LOCKS_EXCLUDED(mu_);

  // Interrupts what is executed beyond its time. Called about once a second.
  void InterruptOverdue() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Waiting {
    coordination::v1::Probe probe;
    MonotonicTime deadline;
  };

  // What a thread in Run executes, on its stack.
  struct Execution {
    MonotonicTime deadline;
    std::stop_source interrupt;
  };

  void Answer(const Waiting& waiting, const std::stop_token& stop)
      ABSL_LOCKS_EXCLUDED(mu_);
  // Nothing: not ours any more, or nobody waits.
  std::optional<coordination::v1::ProbeResult> Ask(const Waiting& waiting,
                                                   const std::stop_token& stop);
  absl::Duration TimeLeft(const Waiting& waiting) const;

  const Clock* const clock_;
  CoordinationClient* const client_;
  const Execute execute_;

  absl::Mutex mu_;
  std::set<Execution*> executed_ ABSL_GUARDED_BY(mu_);
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> seen_ ABSL_GUARDED_BY(mu_);
  std::deque<std::string> seen_in_order_ ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_PROBE_RUNNER_H_
