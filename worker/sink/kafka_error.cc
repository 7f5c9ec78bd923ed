#include "worker/sink/kafka_error.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "librdkafka/rdkafka.h"
#include "worker/sink/sink_status.h"

namespace binferry::worker {
namespace {

struct Meaning {
  absl::StatusCode code = absl::StatusCode::kAborted;
  const char* remedy = "";
};

// The table is long, not deep.
Meaning MeaningOf(rd_kafka_resp_err_t error) {
  using Code = absl::StatusCode;
  switch (static_cast<int>(error)) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
      return {Code::kDeadlineExceeded, ""};
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__WAIT_CACHE:
    case RD_KAFKA_RESP_ERR__IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
    case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
      return {Code::kUnavailable, ""};
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
      return {Code::kUnavailable,
              "Fewer replicas are in sync than min.insync.replicas asks for"};
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return {Code::kUnauthenticated,
              "Check user name, password and SASL mechanism"};
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
      return {Code::kFailedPrecondition,
              "Check security protocol and SASL mechanism"};
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return {Code::kPermissionDenied,
              "Allow Describe, DescribeConfigs and Write on the topic, Create "
              "where Binferry creates it, Read too on the state topics"};
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return {Code::kPermissionDenied,
              "Allow Create on the topic or on the cluster"};
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return {Code::kPermissionDenied,
              "Allow Describe and Write on the transactional id (resource "
              "type TransactionalId; its prefix is the worker's state prefix)"};
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return {Code::kPermissionDenied, "Allow Read on the group"};
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      return {Code::kNotFound,
              "The topic doesn't exist or was deleted; create it, or let the "
              "task create its topics"};
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return {Code::kNotFound, "The topic has no such partition"};
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return {Code::kResourceExhausted,
              "Raise the topic's max.message.bytes and the task's record "
              "limit"};
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
      return {Code::kFailedPrecondition,
              "The replication factor must not exceed the number of brokers"};
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_REQUEST:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
      return {Code::kFailedPrecondition, ""};
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
      return {Code::kFailedPrecondition,
              "The broker's transaction.max.timeout.ms is below the task's "
              "transaction timeout"};
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
      return {Code::kFailedPrecondition,
              "A compacted topic takes no record without a key: use another "
              "topic, or another cleanup.policy"};
    default:
      return {Code::kAborted, ""};
  }
}

bool MeansFenced(int error) {
  return error == RD_KAFKA_RESP_ERR__FENCED ||
         error == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

}  // namespace

absl::Status KafkaError(int error, absl::string_view doing,
                        absl::string_view detail) {
  const auto code = static_cast<rd_kafka_resp_err_t>(error);
  const std::string what = absl::StrCat(
      doing, ": ", detail.empty() ? rd_kafka_err2str(code) : detail);
  if (MeansFenced(error)) {
    return FencedError(absl::StrCat(
        what,
        ". A newer producer of this task exists, or the Kafka transaction "
        "took longer than its timeout"));
  }
  const Meaning meaning = MeaningOf(code);
  return absl::Status(
      meaning.code,
      *meaning.remedy == 0 ? what : absl::StrCat(what, ". ", meaning.remedy));
}

}  // namespace binferry::worker
