// What Kafka's error codes mean to Binferry.
#ifndef BINFERRY_WORKER_SINK_KAFKA_ERROR_H_
#define BINFERRY_WORKER_SINK_KAFKA_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {

// The status of `error` (an rd_kafka_resp_err_t other than 0), met when `doing`
// ("creating topic orders"). `detail` is what the cluster said, else "" and the
// code's own text is taken.
//
// UNAVAILABLE          not reached, or not ready; DEADLINE_EXCEEDED no answer
//                      in the time given,
// ABORTED              nothing is lost but the Kafka transaction: read the
//                      checkpoint anew; IsFenced where a newer producer exists,
// NOT_FOUND            topic or partition, PERMISSION_DENIED with the
//                      operation that must be allowed, RESOURCE_EXHAUSTED a
//                      record that is too large, UNAUTHENTICATED,
// FAILED_PRECONDITION  what else the cluster refuses.
absl::Status KafkaError(int error, absl::string_view doing,
                        absl::string_view detail = "");

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_KAFKA_ERROR_H_
