// What the client library of this machine can't do.
#ifndef BINFERRY_WORKER_SINK_KAFKA_LIBRARY_H_
#define BINFERRY_WORKER_SINK_KAFKA_LIBRARY_H_

#include <string>

#include "worker/sink/kafka_cluster.h"

namespace binferry::worker {

// Why a broker may refuse right credentials, for people; "" where the library
// does as it should. Before 2.6.1 librdkafka repeats the client's nonce in the
// last message of SCRAM (confluentinc/librdkafka#4895), which brokers of Kafka
// 3.7.2, 3.8.1 and later refuse as wrong credentials.
std::string SaslCaution(SaslMechanism mechanism);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_KAFKA_LIBRARY_H_
