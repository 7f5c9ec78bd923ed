// Looking at a task's destination from where its worker stands.
#ifndef BINFERRY_WORKER_PRECHECK_DESTINATION_VIEW_H_
#define BINFERRY_WORKER_PRECHECK_DESTINATION_VIEW_H_

#include <optional>
#include <stop_token>
#include <vector>

#include "absl/time/time.h"
#include "common/clock.h"
#include "worker/precheck/destination_facts.h"
#include "worker/precheck/test_step.h"
#include "worker/sink/kafka_cluster.h"

namespace binferry::worker {

struct DestinationTrial {
  KafkaClusterOptions cluster;
  DestinationUse use;
  // For everything.
  absl::Duration time_left = absl::Seconds(30);
  std::stop_token stop;
};

struct DestinationView {
  // NAME_RESOLUTION, TCP, TLS and AUTHENTICATION of each bootstrap server;
  // API_VERSIONS and METADATA of the first; the same of each listener that the
  // brokers tell clients to use. Ends with the first that fails.
  std::vector<TestStep> steps;
  // Set if every step passed.
  std::optional<DestinationFacts> facts;
};

// Changes nothing in the cluster, and disturbs no running task: of its
// transactional id only the right to use it is asked. `clock` must outlive the
// call.
DestinationView ViewDestination(const DestinationTrial& trial,
                                const Clock* clock);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_DESTINATION_VIEW_H_
