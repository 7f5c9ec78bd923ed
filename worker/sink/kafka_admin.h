// Questions to and changes of a Kafka cluster.
#ifndef BINFERRY_WORKER_SINK_KAFKA_ADMIN_H_
#define BINFERRY_WORKER_SINK_KAFKA_ADMIN_H_

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "worker/sink/kafka_client.h"
#include "worker/sink/kafka_cluster.h"

namespace binferry::worker {

struct KafkaBroker {
  int32_t id = 0;
  std::string host;
  int32_t port = 0;
};

struct KafkaTopic {
  std::string name;
  int32_t partition_count = 0;
  int32_t replication_factor = 0;  // 0 while it has no partition.
};

struct KafkaClusterDescription {
  std::string cluster_id;
  std::vector<KafkaBroker> brokers;
};

// A topic to create. -1 = as the broker is configured.
struct NewKafkaTopic {
  std::string name;
  int32_t partition_count = -1;
  int32_t replication_factor = -1;
  std::map<std::string, std::string> configs;
};

// One connection to a cluster for questions. It never makes a broker create a
// topic by asking for it.
//
// Every call takes at most `timeout`, and returns
// UNAVAILABLE        no broker answers; the message has the cause,
// UNAUTHENTICATED    the credentials are refused, at the first refusal, so that
//                    no account is locked,
// PERMISSION_DENIED  an ACL is missing; the message names resource and
//                    operation,
// CANCELLED          soon after the interrupt was requested.
// Thread-safe.
class KafkaAdmin {
 public:
  struct Options {
    KafkaClusterOptions cluster;
    std::string client_id = "binferry";
    absl::Duration timeout = absl::Seconds(10);
    std::stop_token interrupt;
  };

  // INVALID_ARGUMENT as CheckKafkaCluster, and for certificates that can't be
  // read. Connects with the first call. `clock` must outlive this object.
  static absl::StatusOr<std::unique_ptr<KafkaAdmin>> Create(
      const Options& options, const Clock* clock);

  absl::StatusOr<KafkaClusterDescription> DescribeCluster();

  // By name, the cluster's internal ones (`__…`) too.
  absl::StatusOr<std::vector<KafkaTopic>> ListTopics();

  // NOT_FOUND for a missing topic.
  absl::StatusOr<KafkaTopic> DescribeTopic(const std::string& name);

  using Configs = std::map<std::string, std::string>;

  // All settings of the topic (max.message.bytes, cleanup.policy, ...).
  // NOT_FOUND for a missing topic.
  absl::StatusOr<Configs> DescribeTopicConfigs(const std::string& name);

  // The same of many topics; a topic's own error stands in its place.
  absl::StatusOr<std::map<std::string, absl::StatusOr<Configs>>>
  DescribeConfigsOfTopics(const std::vector<std::string>& names);

  absl::StatusOr<Configs> DescribeBrokerConfigs(int32_t broker_id);

  // Asks the cluster whether it would create these topics, which it doesn't:
  // OK, or its reason, of each one by name. OK also for a topic that exists,
  // which somebody else may just have made.
  absl::StatusOr<std::map<std::string, absl::Status>> ValidateTopics(
      const std::vector<NewKafkaTopic>& topics);

  // Creates the topic and waits until the cluster shows it. A topic that exists
  // already is left as it is, and OK. FAILED_PRECONDITION for a replication
  // factor above the number of brokers and what else the cluster refuses.
  absl::Status CreateTopic(const NewKafkaTopic& topic);

  // Grows the topic to at least `partition_count` partitions and waits until
  // the cluster shows them.
  absl::Status GrowTopic(const std::string& name, int32_t partition_count);

  // The offset behind the partition's last record, of whatever state: open
  // Kafka transactions count. `first` is the offset of the oldest record kept.
  struct Offsets {
    int64_t first = 0;
    int64_t end = 0;
  };
  absl::StatusOr<Offsets> DescribePartition(const std::string& topic,
                                            int32_t partition);

 private:
  KafkaAdmin(std::unique_ptr<KafkaClient> client, absl::Duration timeout)
      : client_(std::move(client)), timeout_(timeout) {}

  // Waits until `name` has `partition_count` partitions, each with a leader.
  absl::Status AwaitPartitions(const std::string& name,
                               int32_t partition_count);

  const std::unique_ptr<KafkaClient> client_;
  const absl::Duration timeout_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_KAFKA_ADMIN_H_
