// The few requests of Kafka's protocol by which a broker is questioned
// directly, in versions without tagged fields that brokers from 0.11 to 4.x
// take (KIP-896 names what 4.0 dropped). Numbers are big-endian.
#ifndef BINFERRY_WORKER_SINK_BROKER_PROTOCOL_H_
#define BINFERRY_WORKER_SINK_BROKER_PROTOCOL_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {

enum class BrokerApi : int16_t {
  kMetadata = 3,
  kSaslHandshake = 17,
  kApiVersions = 18,
  kInitProducerId = 22,
  kSaslAuthenticate = 36,
};

// Error codes of the protocol that are told apart here.
namespace broker_error {
inline constexpr int16_t kUnknownTopic = 3;
inline constexpr int16_t kTopicAuthorization = 29;
inline constexpr int16_t kUnsupportedMechanism = 33;
inline constexpr int16_t kIllegalSaslState = 34;
inline constexpr int16_t kInvalidTransactionTimeout = 50;
inline constexpr int16_t kTransactionalIdAuthorization = 53;
inline constexpr int16_t kSaslAuthentication = 58;
}  // namespace broker_error

// AclOperation's codes (org.apache.kafka.common.acl.AclOperation), the bits of
// authorized operations.
enum class AclOperation : uint8_t {
  kRead = 3,
  kWrite = 4,
  kCreate = 5,
  kDescribe = 8,
  kDescribeConfigs = 10,
  kIdempotentWrite = 12,
};

struct BrokerVersions {
  struct Range {
    int16_t least = 0;
    int16_t most = -1;
  };
  std::map<int16_t, Range> apis;  // By key.

  bool Has(int16_t key, int16_t version) const;
  // "4.0 or later", "3.5 to 3.6": the release, as far as versions tell it.
  std::string Release() const;
};

struct BrokerMetadata {
  struct Broker {
    int32_t id = 0;
    std::string host;
    int32_t port = 0;
  };
  struct Topic {
    int16_t error = 0;
    std::string name;
    bool internal = false;
    int32_t partition_count = 0;
    int32_t replication_factor = 0;
    // What the caller may do; -1: not told (brokers before 2.3).
    int64_t operations = -1;
  };
  std::vector<Broker> brokers;
  std::string cluster_id;
  std::vector<Topic> topics;
  int64_t cluster_operations = -1;  // As Topic's.
};

// Whether `operations` has the bit of `operation`; true where it isn't told.
bool Allows(int64_t operations, AclOperation operation);

struct SaslHandshakeAnswer {
  int16_t error = 0;
  std::vector<std::string> mechanisms;  // Those that the listener takes.
};

struct SaslAuthenticateAnswer {
  int16_t error = 0;
  std::string message;
  std::string bytes;
};

// Bodies of requests, without the header.
std::string MetadataRequest(const std::vector<std::string>& topics,
                            int16_t version);
std::string SaslHandshakeRequest(absl::string_view mechanism);
std::string SaslAuthenticateRequest(absl::string_view bytes);
// With a time-out of 0, which every broker refuses with
// kInvalidTransactionTimeout once it has found that the caller may write with
// the id, before it looks at the id's state: nothing changes.
std::string HarmlessInitProducerIdRequest(absl::string_view transactional_id);

// Answers to them, without the header; DATA_LOSS if they are cut off.
absl::StatusOr<BrokerVersions> ReadApiVersions(absl::string_view body);
absl::StatusOr<BrokerMetadata> ReadMetadata(absl::string_view body,
                                            int16_t version);
absl::StatusOr<SaslHandshakeAnswer> ReadSaslHandshake(absl::string_view body);
absl::StatusOr<SaslAuthenticateAnswer> ReadSaslAuthenticate(
    absl::string_view body);
// The error code.
absl::StatusOr<int16_t> ReadInitProducerId(absl::string_view body);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_BROKER_PROTOCOL_H_
