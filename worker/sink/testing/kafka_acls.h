// Giving users of the test broker rights.
#ifndef BINFERRY_WORKER_SINK_TESTING_KAFKA_ACLS_H_
#define BINFERRY_WORKER_SINK_TESTING_KAFKA_ACLS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"

namespace binferry::worker {

enum class AclResource : uint8_t { kTopic, kTransactionalId, kCluster };

struct Acl {
  AclResource resource = AclResource::kTopic;
  std::string name;  // Names that begin so; of a cluster "kafka-cluster".
  std::string principal;
  int operation = 2;  // Code of org.apache.kafka.common.acl.AclOperation.
};

// Over the listener whose clients may do anything.
absl::Status CreateAcls(const std::string& servers,
                        const std::vector<Acl>& acls, const Clock* clock);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_TESTING_KAFKA_ACLS_H_
