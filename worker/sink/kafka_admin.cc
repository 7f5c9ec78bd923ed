#include "worker/sink/kafka_admin.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/status_macros.h"
#include "librdkafka/rdkafka.h"
#include "worker/sink/kafka_error.h"

namespace binferry::worker {
namespace {

// Between two looks at what the cluster shows of a change.
constexpr absl::Duration kLookInterval = absl::Milliseconds(20);
// Topics in one request.
constexpr size_t kBatch = 500;
constexpr absl::Duration kEventWait = absl::Milliseconds(100);

template <typename T, void (*Destroy)(T*)>
struct Deleter {
  void operator()(T* object) const { Destroy(object); }
};
using Queue =
    std::unique_ptr<rd_kafka_queue_t,
                    Deleter<rd_kafka_queue_t, rd_kafka_queue_destroy>>;
using Event =
    std::unique_ptr<rd_kafka_event_t,
                    Deleter<rd_kafka_event_t, rd_kafka_event_destroy>>;
using AdminOptions = std::unique_ptr<
    rd_kafka_AdminOptions_t,
    Deleter<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>>;
using NewTopic =
    std::unique_ptr<rd_kafka_NewTopic_t,
                    Deleter<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>>;
using NewPartitions = std::unique_ptr<
    rd_kafka_NewPartitions_t,
    Deleter<rd_kafka_NewPartitions_t, rd_kafka_NewPartitions_destroy>>;
using ConfigResource = std::unique_ptr<
    rd_kafka_ConfigResource_t,
    Deleter<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>>;
using TopicObject =
    std::unique_ptr<rd_kafka_topic_t,
                    Deleter<rd_kafka_topic_t, rd_kafka_topic_destroy>>;

struct MetadataDeleter {
  void operator()(const rd_kafka_metadata_t* metadata) const {
    rd_kafka_metadata_destroy(metadata);
  }
};
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, MetadataDeleter>;

int Millis(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

// Asks for one topic, for all if `topic` is null.
absl::StatusOr<Metadata> FetchMetadata(KafkaClient* client,
                                       rd_kafka_topic_t* topic,
                                       absl::Duration timeout) {
  Metadata found;
  const std::string doing =
      absl::StrCat("asking Kafka at ", client->servers(), " for its topics");
  BINFERRY_RETURN_IF_ERROR(
      client->Retry(timeout, [&](absl::Duration wait) -> absl::Status {
        const rd_kafka_metadata_t* metadata = nullptr;
        const rd_kafka_resp_err_t error =
            rd_kafka_metadata(client->handle(), topic == nullptr ? 1 : 0, topic,
                              &metadata, Millis(wait));
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
          return KafkaError(error, doing);
        }
        found.reset(metadata);
        return absl::OkStatus();
      }));
  return found;
}

// Runs one administrative request. `start` sends it, its answer going to the
// queue. UNAVAILABLE or what KafkaError makes of the request's own error.
absl::StatusOr<Event> Run(
    KafkaClient* client, rd_kafka_admin_op_t operation, absl::Duration timeout,
    const std::string& doing,
    absl::FunctionRef<void(rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>
        start) {
  client->BeginCall();
  BINFERRY_RETURN_IF_ERROR(client->CheckReachable());
  const Queue queue(rd_kafka_queue_new(client->handle()));
  const AdminOptions options(
      rd_kafka_AdminOptions_new(client->handle(), operation));
  char reason[256] = "";
  if (rd_kafka_AdminOptions_set_request_timeout(options.get(), Millis(timeout),
                                                reason, sizeof(reason)) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return absl::InternalError(absl::StrCat(doing, ": ", reason));
  }
  start(options.get(), queue.get());
  const MonotonicTime deadline = client->clock().MonotonicNow() + timeout;
  Event event;
  while (event == nullptr) {
    event.reset(rd_kafka_queue_poll(queue.get(), Millis(kEventWait)));
    if (event != nullptr) break;
    BINFERRY_RETURN_IF_ERROR(client->CheckReachable());
    if (client->clock().MonotonicNow() >= deadline) {
      return absl::UnavailableError(absl::StrCat(doing, ": no answer within ",
                                                 absl::FormatDuration(timeout),
                                                 client->Cause()));
    }
  }
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* detail = rd_kafka_event_error_string(event.get());
    return KafkaError(rd_kafka_event_error(event.get()), doing,
                      detail == nullptr ? "" : detail);
  }
  return event;
}

// The status of the only topic of an answer; `code` gets its error.
absl::Status StatusOfTopic(const rd_kafka_topic_result_t** topics, size_t count,
                           const std::string& doing,
                           rd_kafka_resp_err_t* code) {
  if (count != 1) {
    return absl::InternalError(absl::StrCat(doing, ": no result"));
  }
  *code = rd_kafka_topic_result_error(topics[0]);
  if (*code == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  const char* detail = rd_kafka_topic_result_error_string(topics[0]);
  return KafkaError(*code, doing, detail == nullptr ? "" : detail);
}

KafkaTopic Describe(const rd_kafka_metadata_topic_t& topic) {
  return {.name = topic.topic,
          .partition_count = topic.partition_cnt,
          .replication_factor =
              topic.partition_cnt == 0 ? 0 : topic.partitions[0].replica_cnt};
}

absl::StatusOr<KafkaAdmin::Configs> ConfigsOf(
    const rd_kafka_ConfigResource_t* resource, const std::string& doing) {
  if (rd_kafka_ConfigResource_error(resource) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* detail = rd_kafka_ConfigResource_error_string(resource);
    return KafkaError(rd_kafka_ConfigResource_error(resource), doing,
                      detail == nullptr ? "" : detail);
  }
  size_t count = 0;
  const rd_kafka_ConfigEntry_t** entries =
      rd_kafka_ConfigResource_configs(resource, &count);
  KafkaAdmin::Configs configs;
  for (size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    configs[rd_kafka_ConfigEntry_name(entries[i])] =
        value == nullptr ? "" : value;
  }
  return configs;
}

// One request of settings; a resource's own error stands in its place.
absl::StatusOr<std::map<std::string, absl::StatusOr<KafkaAdmin::Configs>>>
RequestConfigs(KafkaClient* client, rd_kafka_ResourceType_t type,
               absl::Span<const std::string> names, absl::Duration timeout) {
  const std::string kind = type == RD_KAFKA_RESOURCE_TOPIC ? "topic" : "broker";
  std::vector<ConfigResource> owned;
  std::vector<rd_kafka_ConfigResource_t*> resources;
  for (const std::string& name : names) {
    owned.emplace_back(rd_kafka_ConfigResource_new(type, name.c_str()));
    resources.push_back(owned.back().get());
  }
  const std::string doing = absl::StrCat("reading the settings of ", kind, " ",
                                         names.empty() ? "" : names[0]);
  BINFERRY_ASSIGN_OR_RETURN(
      const Event event,
      Run(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout, doing,
          [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
            rd_kafka_DescribeConfigs(client->handle(), resources.data(),
                                     resources.size(), options, queue);
          }));
  size_t count = 0;
  const rd_kafka_ConfigResource_t** found =
      rd_kafka_DescribeConfigs_result_resources(
          rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  std::map<std::string, absl::StatusOr<KafkaAdmin::Configs>> results;
  for (size_t i = 0; i < count; ++i) {
    const std::string name = rd_kafka_ConfigResource_name(found[i]);
    results.insert_or_assign(
        name, ConfigsOf(found[i], absl::StrCat("reading the settings of ", kind,
                                               " ", name)));
  }
  return results;
}

absl::StatusOr<NewTopic> RequestOf(const NewKafkaTopic& topic,
                                   const std::string& doing) {
  char reason[256] = "";
  NewTopic request(
      rd_kafka_NewTopic_new(topic.name.c_str(), topic.partition_count,
                            topic.replication_factor, reason, sizeof(reason)));
  if (request == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(doing, ": ", reason));
  }
  for (const auto& [name, value] : topic.configs) {
    const rd_kafka_resp_err_t set = rd_kafka_NewTopic_set_config(
        request.get(), name.c_str(), value.c_str());
    if (set != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaError(set, doing);
  }
  return request;
}

// How many partitions `topic` shows, 0 unless each has a leader.
int32_t ReadyPartitions(const rd_kafka_metadata_topic_t& topic) {
  for (int i = 0; i < topic.partition_cnt; ++i) {
    if (topic.partitions[i].leader < 0) return 0;
  }
  return topic.partition_cnt;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaAdmin>> KafkaAdmin::Create(
    const Options& options, const Clock* clock) {
  // A consumer, because a producer's questions create topics. The isolation is
  // for DescribePartition.
  BINFERRY_ASSIGN_OR_RETURN(
      std::unique_ptr<KafkaClient> client,
      KafkaClient::Create(
          {.cluster = options.cluster,
           .kind = KafkaClient::Kind::kConsumer,
           .settings = {{"client.id", options.client_id},
                        {"allow.auto.create.topics", "false"},
                        {"isolation.level", "read_uncommitted"}},
           .interrupt = options.interrupt},
          clock));
  return std::unique_ptr<KafkaAdmin>(
      new KafkaAdmin(std::move(client), options.timeout));
}

absl::StatusOr<KafkaClusterDescription> KafkaAdmin::DescribeCluster() {
  BINFERRY_ASSIGN_OR_RETURN(const Metadata metadata,
                            FetchMetadata(client_.get(), nullptr, timeout_));
  KafkaClusterDescription cluster;
  for (int i = 0; i < metadata->broker_cnt; ++i) {
    const rd_kafka_metadata_broker_t& broker = metadata->brokers[i];
    cluster.brokers.push_back({broker.id, broker.host, broker.port});
  }
  // Known with the metadata.
  char* id = rd_kafka_clusterid(client_->handle(), 1000);
  if (id == nullptr) {
    return absl::UnavailableError(absl::StrCat("Kafka at ", client_->servers(),
                                               " doesn't tell its cluster id"));
  }
  cluster.cluster_id = id;
  rd_kafka_mem_free(client_->handle(), id);
  return cluster;
}

absl::StatusOr<std::vector<KafkaTopic>> KafkaAdmin::ListTopics() {
  BINFERRY_ASSIGN_OR_RETURN(const Metadata metadata,
                            FetchMetadata(client_.get(), nullptr, timeout_));
  std::vector<KafkaTopic> topics;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[i];
    topics.push_back(Describe(topic));
  }
  std::sort(
      topics.begin(), topics.end(),
      [](const KafkaTopic& a, const KafkaTopic& b) { return a.name < b.name; });
  return topics;
}

absl::StatusOr<KafkaTopic> KafkaAdmin::DescribeTopic(const std::string& name) {
  const TopicObject object(
      rd_kafka_topic_new(client_->handle(), name.c_str(), nullptr));
  if (object == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name, "\" can't be the name of a topic"));
  }
  BINFERRY_ASSIGN_OR_RETURN(
      const Metadata metadata,
      FetchMetadata(client_.get(), object.get(), timeout_));
  const std::string doing = absl::StrCat("looking up topic ", name,
                                         " in Kafka at ", client_->servers());
  if (metadata->topic_cnt != 1) {
    return absl::UnavailableError(absl::StrCat(doing, ": no answer"));
  }
  const rd_kafka_metadata_topic_t& topic = metadata->topics[0];
  // A partition without a leader is no reason to deny the topic.
  if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR &&
      topic.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
    return KafkaError(topic.err, doing);
  }
  return Describe(topic);
}

absl::StatusOr<KafkaAdmin::Configs> KafkaAdmin::DescribeTopicConfigs(
    const std::string& name) {
  BINFERRY_ASSIGN_OR_RETURN(auto results, DescribeConfigsOfTopics({name}));
  const auto found = results.find(name);
  if (found == results.end()) {
    return absl::InternalError("no settings of topic " + name);
  }
  return std::move(found->second);
}

absl::StatusOr<std::map<std::string, absl::StatusOr<KafkaAdmin::Configs>>>
KafkaAdmin::DescribeConfigsOfTopics(const std::vector<std::string>& names) {
  std::map<std::string, absl::StatusOr<Configs>> results;
  for (size_t at = 0; at < names.size(); at += kBatch) {
    BINFERRY_ASSIGN_OR_RETURN(
        auto part,
        RequestConfigs(client_.get(), RD_KAFKA_RESOURCE_TOPIC,
                       absl::MakeConstSpan(names).subspan(at, kBatch),
                       timeout_));
    results.merge(part);
  }
  return results;
}

absl::StatusOr<KafkaAdmin::Configs> KafkaAdmin::DescribeBrokerConfigs(
    int32_t broker_id) {
  const std::string name = absl::StrCat(broker_id);
  BINFERRY_ASSIGN_OR_RETURN(
      auto results, RequestConfigs(client_.get(), RD_KAFKA_RESOURCE_BROKER,
                                   absl::MakeConstSpan(&name, 1), timeout_));
  const auto found = results.find(name);
  if (found == results.end()) {
    return absl::InternalError("no settings of broker " + name);
  }
  return std::move(found->second);
}

absl::StatusOr<std::map<std::string, absl::Status>> KafkaAdmin::ValidateTopics(
    const std::vector<NewKafkaTopic>& topics) {
  std::map<std::string, absl::Status> results;
  for (size_t at = 0; at < topics.size(); at += kBatch) {
    std::vector<NewTopic> owned;
    std::vector<rd_kafka_NewTopic_t*> requests;
    for (const NewKafkaTopic& topic :
         absl::MakeConstSpan(topics).subspan(at, kBatch)) {
      BINFERRY_ASSIGN_OR_RETURN(
          NewTopic request,
          RequestOf(topic, absl::StrCat("creating topic ", topic.name)));
      requests.push_back(request.get());
      owned.push_back(std::move(request));
    }
    BINFERRY_ASSIGN_OR_RETURN(
        const Event event,
        Run(client_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_,
            "asking whether topics can be created",
            [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
              rd_kafka_AdminOptions_set_validate_only(options, 1, nullptr, 0);
              rd_kafka_CreateTopics(client_->handle(), requests.data(),
                                    requests.size(), options, queue);
            }));
    size_t count = 0;
    const rd_kafka_topic_result_t** found = rd_kafka_CreateTopics_result_topics(
        rd_kafka_event_CreateTopics_result(event.get()), &count);
    for (size_t i = 0; i < count; ++i) {
      const char* detail = rd_kafka_topic_result_error_string(found[i]);
      const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(found[i]);
      const std::string name = rd_kafka_topic_result_name(found[i]);
      results[name] =
          code == RD_KAFKA_RESP_ERR_NO_ERROR ||
                  code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS
              ? absl::OkStatus()
              : KafkaError(code, absl::StrCat("creating topic ", name),
                           detail == nullptr ? "" : detail);
    }
  }
  return results;
}

absl::Status KafkaAdmin::CreateTopic(const NewKafkaTopic& topic) {
  const std::string doing = absl::StrCat(
      "creating topic ", topic.name, " with ",
      topic.partition_count < 0 ? "the broker's number of"
                                : absl::StrCat(topic.partition_count),
      " partitions and ",
      topic.replication_factor < 0 ? "the broker's number of"
                                   : absl::StrCat(topic.replication_factor),
      " replicas");
  BINFERRY_ASSIGN_OR_RETURN(const NewTopic request, RequestOf(topic, doing));
  BINFERRY_ASSIGN_OR_RETURN(
      const Event event,
      Run(client_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_, doing,
          [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
            rd_kafka_NewTopic_t* one = request.get();
            rd_kafka_CreateTopics(client_->handle(), &one, 1, options, queue);
          }));
  size_t count = 0;
  const rd_kafka_topic_result_t** results = rd_kafka_CreateTopics_result_topics(
      rd_kafka_event_CreateTopics_result(event.get()), &count);
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  const absl::Status status = StatusOfTopic(results, count, doing, &code);
  if (!status.ok() && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
    return status;
  }
  return AwaitPartitions(topic.name, 1);
}

absl::Status KafkaAdmin::GrowTopic(const std::string& name,
                                   int32_t partition_count) {
  BINFERRY_ASSIGN_OR_RETURN(const KafkaTopic present, DescribeTopic(name));
  if (present.partition_count >= partition_count) return absl::OkStatus();
  const std::string doing =
      absl::StrCat("growing topic ", name, " from ", present.partition_count,
                   " to ", partition_count, " partitions");
  char reason[256] = "";
  const NewPartitions request(rd_kafka_NewPartitions_new(
      name.c_str(), static_cast<size_t>(partition_count), reason,
      sizeof(reason)));
  if (request == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(doing, ": ", reason));
  }
  BINFERRY_ASSIGN_OR_RETURN(
      const Event event,
      Run(client_.get(), RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, timeout_, doing,
          [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
            rd_kafka_NewPartitions_t* one = request.get();
            rd_kafka_CreatePartitions(client_->handle(), &one, 1, options,
                                      queue);
          }));
  size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreatePartitions_result_topics(
          rd_kafka_event_CreatePartitions_result(event.get()), &count);
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  const absl::Status status = StatusOfTopic(results, count, doing, &code);
  // Another worker may have grown it at the same time; then it shows enough.
  if (!status.ok() && code != RD_KAFKA_RESP_ERR_INVALID_PARTITIONS) {
    return status;
  }
  return AwaitPartitions(name, partition_count);
}

absl::Status KafkaAdmin::AwaitPartitions(const std::string& name,
                                         int32_t partition_count) {
  const MonotonicTime deadline = client_->clock().MonotonicNow() + timeout_;
  const TopicObject object(
      rd_kafka_topic_new(client_->handle(), name.c_str(), nullptr));
  while (true) {
    BINFERRY_ASSIGN_OR_RETURN(
        const Metadata metadata,
        FetchMetadata(client_.get(), object.get(), timeout_));
    if (metadata->topic_cnt == 1 &&
        ReadyPartitions(metadata->topics[0]) >= partition_count) {
      return absl::OkStatus();
    }
    if (client_->clock().MonotonicNow() >= deadline) {
      return absl::UnavailableError(absl::StrCat(
          "topic ", name, " doesn't show ", partition_count,
          " partitions with leaders within ", absl::FormatDuration(timeout_)));
    }
    client_->Poll(kLookInterval);
  }
}

absl::StatusOr<KafkaAdmin::Offsets> KafkaAdmin::DescribePartition(
    const std::string& topic, int32_t partition) {
  Offsets offsets;
  const std::string doing = absl::StrCat("asking for the offsets of partition ",
                                         partition, " of topic ", topic);
  BINFERRY_RETURN_IF_ERROR(
      client_->Retry(timeout_, [&](absl::Duration wait) -> absl::Status {
        const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
            client_->handle(), topic.c_str(), partition, &offsets.first,
            &offsets.end, Millis(wait));
        return error == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::OkStatus()
                                                   : KafkaError(error, doing);
      }));
  return offsets;
}

}  // namespace binferry::worker
