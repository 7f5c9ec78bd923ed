#include "worker/sink/kafka_error.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/remedy.h"
#include "librdkafka/rdkafka.h"
#include "worker/sink/sink_status.h"

namespace binferry::worker {
namespace {

using Code = absl::StatusCode;

struct Meaning {
  rd_kafka_resp_err_t error;
  Code code;
  const char* remedy;
};

constexpr char kReplicas[] =
    "bring the topic's replicas back in sync, or lower its min.insync.replicas";
constexpr char kCredentials[] =
    "check destination.username, destination.password and "
    "destination.sasl_mechanism";
constexpr char kMechanism[] =
    "check destination.security_protocol and destination.sasl_mechanism";
constexpr char kMissing[] =
    "create the topic, which doesn't exist or was deleted, or let the task "
    "create its topics";
constexpr char kTooLarge[] =
    "raise the topic's max.message.bytes and destination.max_record_bytes";

// What is not here is ABORTED: the checkpoint tells what was committed.
constexpr Meaning kMeanings[] = {
    {RD_KAFKA_RESP_ERR__TIMED_OUT, Code::kDeadlineExceeded, ""},
    {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, Code::kDeadlineExceeded, ""},
    {RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, Code::kDeadlineExceeded, ""},
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, Code::kDeadlineExceeded, ""},
    {RD_KAFKA_RESP_ERR__TRANSPORT, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR__RESOLVE, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR__SSL, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR__WAIT_COORD, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR__WAIT_CACHE, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR__IN_PROGRESS, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR_NOT_CONTROLLER, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, Code::kUnavailable, ""},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, Code::kUnavailable, kReplicas},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, Code::kUnavailable,
     kReplicas},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, Code::kUnauthenticated, kCredentials},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, Code::kUnauthenticated,
     kCredentials},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, Code::kFailedPrecondition,
     kMechanism},
    {RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE, Code::kFailedPrecondition,
     kMechanism},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, Code::kPermissionDenied,
     "allow Describe, DescribeConfigs and Write on the topic, Create where "
     "Binferry creates it, Read too on the state topics"},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, Code::kPermissionDenied,
     "allow Create on the topic or on the cluster"},
    {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
     Code::kPermissionDenied,
     "allow Describe and Write on the transactional id (resource type "
     "TransactionalId; its prefix is the worker's state prefix)"},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, Code::kPermissionDenied,
     "allow Read on the group"},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, Code::kNotFound, kMissing},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, Code::kNotFound, kMissing},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, Code::kNotFound,
     "give the topic as many partitions as before, or reset the task"},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, Code::kResourceExhausted, kTooLarge},
    {RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, Code::kResourceExhausted, kTooLarge},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, Code::kResourceExhausted,
     kTooLarge},
    {RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, Code::kFailedPrecondition,
     "ask for a replication factor of at most the number of brokers"},
    {RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, Code::kFailedPrecondition, ""},
    {RD_KAFKA_RESP_ERR_INVALID_CONFIG, Code::kFailedPrecondition, ""},
    {RD_KAFKA_RESP_ERR_INVALID_REQUEST, Code::kFailedPrecondition, ""},
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, Code::kFailedPrecondition, ""},
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, Code::kFailedPrecondition, ""},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, Code::kFailedPrecondition, ""},
    {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, Code::kFailedPrecondition, ""},
    {RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, Code::kFailedPrecondition,
     "raise the broker's transaction.max.timeout.ms above the task's "
     "transaction timeout"},
    {RD_KAFKA_RESP_ERR_INVALID_RECORD, Code::kFailedPrecondition,
     "use a topic that isn't compacted, which takes records without a key"},
};

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
  for (const Meaning& meaning : kMeanings) {
    if (meaning.error != code) continue;
    return *meaning.remedy == 0
               ? absl::Status(meaning.code, what)
               : RemedyError(meaning.code, what, meaning.remedy);
  }
  return absl::AbortedError(what);
}

}  // namespace binferry::worker
