#include "worker/sink/kafka_state_topics.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

constexpr int32_t kPartitionStep = 16;
constexpr int32_t kReplicas = 3;

// Compaction must lag behind: at-least-once readers need the predecessors of
// the newest records for a while. Small segments and a low ratio keep what a
// reader of a whole partition has to read small.
std::map<std::string, std::string> StateTopicConfigs(
    int32_t replication_factor) {
  std::map<std::string, std::string> configs = {
      {"cleanup.policy", "compact"},
      {"min.compaction.lag.ms", "3600000"},
      {"segment.bytes", "52428800"},
      {"min.cleanable.dirty.ratio", "0.1"}};
  if (replication_factor >= kReplicas) configs["min.insync.replicas"] = "2";
  return configs;
}

absl::Status Create(KafkaAdmin* admin, const std::string& name,
                    int32_t partition) {
  BINFERRY_ASSIGN_OR_RETURN(const KafkaClusterDescription cluster,
                            admin->DescribeCluster());
  const auto brokers = static_cast<int32_t>(cluster.brokers.size());
  const int32_t replicas = std::max(1, std::min(kReplicas, brokers));
  return admin->CreateTopic(
      {.name = name,
       .partition_count = StateTopicPartitionCount(partition),
       .replication_factor = replicas,
       .configs = StateTopicConfigs(replicas)});
}

absl::Status CheckPolicy(KafkaAdmin* admin, const std::string& name) {
  BINFERRY_ASSIGN_OR_RETURN(const auto configs,
                            admin->DescribeTopicConfigs(name));
  const auto policy = configs.find("cleanup.policy");
  if (policy != configs.end() && policy->second == "compact") {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "topic ", name, " has cleanup.policy=",
      policy == configs.end() ? "(unknown)" : policy->second,
      ", which would delete the tasks' checkpoints with time. Set it: "
      "kafka-configs.sh --alter --entity-type topics --entity-name ",
      name, " --add-config cleanup.policy=compact"));
}

absl::Status Ensure(KafkaAdmin* admin, const std::string& name,
                    int32_t partition) {
  absl::StatusOr<KafkaTopic> topic = admin->DescribeTopic(name);
  if (absl::IsNotFound(topic.status())) {
    BINFERRY_RETURN_IF_ERROR(Create(admin, name, partition));
    topic = admin->DescribeTopic(name);
  }
  BINFERRY_RETURN_IF_ERROR(topic.status());
  BINFERRY_RETURN_IF_ERROR(CheckPolicy(admin, name));
  if (topic->partition_count > partition) return absl::OkStatus();
  return admin->GrowTopic(name, StateTopicPartitionCount(partition));
}

}  // namespace

std::string CheckpointTopicName(absl::string_view prefix) {
  return absl::StrCat(prefix, "-checkpoints");
}

std::string SchemaTopicName(absl::string_view prefix) {
  return absl::StrCat(prefix, "-schemas");
}

int32_t StateTopicPartitionCount(int32_t partition) {
  return (partition / kPartitionStep + 1) * kPartitionStep;
}

absl::Status EnsureStateTopics(KafkaAdmin* admin, absl::string_view prefix,
                               int32_t partition) {
  BINFERRY_RETURN_IF_ERROR(
      Ensure(admin, CheckpointTopicName(prefix), partition));
  return Ensure(admin, SchemaTopicName(prefix), partition);
}

}  // namespace binferry::worker
