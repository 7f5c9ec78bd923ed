#include "worker/task/destination_check.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "common/remedy.h"

namespace binferry::worker {

absl::Status CheckDestinationTopics(const TaskSpec& spec,
                                    const KafkaClusterDescription& cluster,
                                    KafkaAdmin* admin) {
  if (spec.specified_topic.empty()) {
    const auto brokers = static_cast<int64_t>(cluster.brokers.size());
    if (spec.topic_creation.has_value() &&
        spec.topic_creation->replication_factor > brokers) {
      return RemedyError(
          absl::StatusCode::kFailedPrecondition,
          absl::StrCat("topic_policy.auto_topics.replication_factor: ",
                       spec.topic_creation->replication_factor,
                       " replicas need as many brokers, and the cluster has ",
                       brokers),
          absl::StrCat("lower it to at most ", brokers));
    }
    return absl::OkStatus();
  }
  const absl::StatusOr<KafkaTopic> topic =
      admin->DescribeTopic(spec.specified_topic);
  if (absl::IsNotFound(topic.status())) {
    return RemedyError(
        absl::StatusCode::kNotFound,
        absl::StrCat("topic_policy.specified_topic.name: topic ",
                     spec.specified_topic, " does not exist in Kafka at ",
                     spec.destination.bootstrap_servers),
        "create it, name another, or let topics be created (auto_topics)");
  }
  return topic.status();
}

}  // namespace binferry::worker
