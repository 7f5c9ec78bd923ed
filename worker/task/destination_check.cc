#include "worker/task/destination_check.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace binferry::worker {

absl::StatusOr<std::string> CheckDestinationTopics(
    const TaskSpec& spec, const KafkaClusterDescription& cluster,
    KafkaAdmin* admin) {
  if (spec.specified_topic.empty()) {
    const auto brokers = static_cast<int64_t>(cluster.brokers.size());
    if (spec.topic_creation.has_value() &&
        spec.topic_creation->replication_factor > brokers) {
      return absl::FailedPreconditionError(
          absl::StrCat("topic_policy.auto_topics.replication_factor: ",
                       spec.topic_creation->replication_factor,
                       " replicas need as many brokers, and the cluster has ",
                       brokers, "; lower it"));
    }
    return "";
  }
  const absl::StatusOr<KafkaTopic> topic =
      admin->DescribeTopic(spec.specified_topic);
  if (absl::IsNotFound(topic.status())) {
    return absl::NotFoundError(absl::StrCat(
        "topic_policy.specified_topic.name: topic ", spec.specified_topic,
        " does not exist in Kafka at ", spec.destination.bootstrap_servers,
        "; create it, name another, or let topics be created (auto_topics)"));
  }
  if (!topic.ok()) {
    return absl::Status(topic.status().code(),
                        absl::StrCat("topic_policy.specified_topic: ",
                                     topic.status().message()));
  }
  return absl::StrCat("; topic ", topic->name, " has ", topic->partition_count,
                      " partitions");
}

}  // namespace binferry::worker
