// Whether a task's records can go where they should.
#ifndef BINFERRY_WORKER_TASK_DESTINATION_CHECK_H_
#define BINFERRY_WORKER_TASK_DESTINATION_CHECK_H_

#include "absl/status/status.h"
#include "worker/sink/kafka_admin.h"
#include "worker/task/task_spec.h"

namespace binferry::worker {

// Asked whenever a task begins to run; the precheck says more. NOT_FOUND if the
// specified topic is missing, FAILED_PRECONDITION if more replicas are wanted
// than there are brokers, both naming the field and the remedy; errors of
// KafkaAdmin.
absl::Status CheckDestinationTopics(const TaskSpec& spec,
                                    const KafkaClusterDescription& cluster,
                                    KafkaAdmin* admin);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_DESTINATION_CHECK_H_
