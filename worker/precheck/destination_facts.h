// What a task needs of its destination, and what there is of it.
#ifndef BINFERRY_WORKER_PRECHECK_DESTINATION_FACTS_H_
#define BINFERRY_WORKER_PRECHECK_DESTINATION_FACTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "worker/precheck/topic_plan.h"
#include "worker/route/partitioner.h"
#include "worker/sink/broker_protocol.h"
#include "worker/sink/kafka_admin.h"
#include "worker/sink/kafka_cluster.h"
#include "worker/sink/kafka_sink_options.h"

namespace binferry::worker {

// How a task uses its destination.
struct DestinationUse {
  // For commands that are shown: the user as Kafka's ACLs name it, e.g.
  // "User:binferry". See AclPrincipal.
  std::string principal;
  std::string transactional_id;
  std::string state_prefix;
  int32_t state_partition = 0;
  absl::Duration transaction_timeout = absl::Seconds(60);
  int64_t max_record_bytes = 1'000'000;
  PartitionPolicy partition_policy = PartitionPolicy::kTableHash;
  bool tombstones = false;
  // How missing topics are made. Nothing: they must exist.
  std::optional<KafkaSinkOptions::TopicCreation> creation;
  // Empty where only the connection is tested.
  TopicPlan plan;
};

// "User:alice" for PLAIN and SCRAM, "User:CLIENT-ID" for OAUTHBEARER (the token
// decides), and so on; "User:ANONYMOUS" without authentication.
std::string AclPrincipal(const KafkaClusterOptions& cluster);

struct TopicFacts {
  std::string name;
  bool exists = false;
  // The caller may not even see it; then `exists` says nothing.
  bool hidden = false;
  int32_t partition_count = 0;
  int32_t replication_factor = 0;
  int64_t operations = -1;  // See BrokerMetadata::Topic.
  // Where it exists and isn't hidden: its settings, or why they are not known.
  absl::StatusOr<KafkaAdmin::Configs> configs = absl::UnknownError("not asked");
  // Where it doesn't exist and Binferry would make it: whether it could.
  absl::Status creation;
};

struct DestinationFacts {
  BrokerVersions versions;  // Empty with GSSAPI.
  std::string cluster_id;
  int32_t broker_count = 0;
  KafkaSecurity security = KafkaSecurity::kPlaintext;
  int64_t cluster_operations = -1;
  absl::Status transactional_id;  // Whether the caller may write with it.
  absl::StatusOr<KafkaAdmin::Configs> broker_configs =
      absl::UnknownError("not asked");
  std::vector<TopicFacts> state_topics;
  // In the plan's order.
  std::vector<TopicFacts> topics;
  // All names of topics of the cluster that the caller sees.
  std::vector<std::string> all_topics;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_DESTINATION_FACTS_H_
