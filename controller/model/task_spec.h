// What a user asks for: the spec of a task, typed, for validation.
#ifndef BINFERRY_CONTROLLER_MODEL_TASK_SPEC_H_
#define BINFERRY_CONTROLLER_MODEL_TASK_SPEC_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "controller/model/table_rules.h"

namespace binferry::controller {

// The enums mirror those of proto/binferry/v1/task.proto, number for number;
// kUnspecified is what a request leaves out, and `WithDefaults` fills in.
enum class SynchronizationMode {
  kUnspecified,
  kIncremental,
  kFullAndIncremental
};
enum class NetworkType { kUnspecified, kVpc, kPublic, kVpn };
enum class TlsMode {
  kUnspecified,
  kDisabled,
  kRequired,
  kVerifyCa,
  kVerifyIdentity
};
enum class SecurityProtocol {
  kUnspecified,
  kPlaintext,
  kSsl,
  kSaslPlaintext,
  kSaslSsl
};
enum class SaslMechanism {
  kUnspecified,
  kPlain,
  kScramSha256,
  kScramSha512,
  kOauthbearer,
  kGssapi
};
enum class PartitionPolicy {
  kUnspecified,
  kTableHash,
  kPartitionZero,
  kPrimaryKeyHash,
  kColumnHash
};
enum class RecordFormat { kUnspecified, kJson, kJsonC };
enum class DdlPolicy { kUnspecified, kOmit, kCarry };
enum class DeliveryMode { kUnspecified, kExactlyOnce, kAtLeastOnce };
enum class InvalidTextPolicy { kUnspecified, kStop, kReplace };
enum class UnreadableChangePolicy { kUnspecified, kStop, kAlert };
enum class Compression { kUnspecified, kNone, kGzip, kSnappy, kLz4, kZstd };

// Which workers may run the task. See Matches in worker.h.
struct Placement {
  std::string region;
  std::vector<std::string> availability_zones;  // The first is preferred.
  NetworkType network_type = NetworkType::kUnspecified;
  std::string vpc;
  std::string subnet;
  std::string security_group;

  friend bool operator==(const Placement&, const Placement&) = default;
};

// Secrets are not here: see task_secrets.h.
struct SourceSpec {
  std::string host;
  uint32_t port = 0;
  std::string username;
  TlsMode tls_mode = TlsMode::kUnspecified;
  std::string ca_certificate;
  std::string client_certificate;

  friend bool operator==(const SourceSpec&, const SourceSpec&) = default;
};

struct OauthClient {
  std::string token_endpoint;
  std::string client_id;
  std::string scope;
  std::map<std::string, std::string> extensions;

  friend bool operator==(const OauthClient&, const OauthClient&) = default;
};

struct KerberosClient {
  std::string principal;
  std::string service_name;  // "" = unset.

  friend bool operator==(const KerberosClient&,
                         const KerberosClient&) = default;
};

struct DestinationSpec {
  std::vector<std::string> bootstrap_servers;
  SecurityProtocol security_protocol = SecurityProtocol::kUnspecified;
  SaslMechanism sasl_mechanism = SaslMechanism::kUnspecified;
  std::string username;
  std::string ca_certificate;
  std::string client_certificate;
  bool skip_endpoint_identification = false;
  uint32_t max_record_bytes = 0;  // 0 = unset.
  std::string trust_store;        // JKS or PKCS12; "" = none.
  std::optional<OauthClient> oauth_client;
  std::optional<KerberosClient> kerberos_client;

  friend bool operator==(const DestinationSpec&,
                         const DestinationSpec&) = default;
};

struct TableObject {
  std::string name;
  std::string mapped_name;
  std::optional<TableRules> rules;

  friend bool operator==(const TableObject&, const TableObject&) = default;
};

struct TablePattern {
  std::string pattern;
  std::optional<TableRules> rules;

  friend bool operator==(const TablePattern&, const TablePattern&) = default;
};

struct DatabaseObject {
  std::string name;
  std::string mapped_name;
  bool all_tables = false;
  std::vector<TableObject> tables;
  std::string name_pattern;  // In place of `name`.
  std::vector<TablePattern> table_patterns;
  std::vector<std::string> excluded_tables;
  std::optional<TableRules> rules;

  friend bool operator==(const DatabaseObject&,
                         const DatabaseObject&) = default;
};

struct SpecifiedTopic {
  std::string name;

  friend bool operator==(const SpecifiedTopic&,
                         const SpecifiedTopic&) = default;
};

struct AutoTopics {
  std::string name_format;          // "" = unset.
  uint32_t partitions = 0;          // 0 = unset.
  uint32_t replication_factor = 0;  // 0 = unset.

  friend bool operator==(const AutoTopics&, const AutoTopics&) = default;
};

// monostate = the request names no policy.
using TopicPolicy = std::variant<std::monostate, SpecifiedTopic, AutoTopics>;

struct GtidSetPosition {
  std::string gtid_set;

  friend bool operator==(const GtidSetPosition&,
                         const GtidSetPosition&) = default;
};

struct BinlogCoordinates {
  std::string file;
  uint64_t position = 0;

  friend bool operator==(const BinlogCoordinates&,
                         const BinlogCoordinates&) = default;
};

struct TimePosition {
  absl::Time time;

  friend bool operator==(const TimePosition&, const TimePosition&) = default;
};

// monostate = now.
using StartPosition = std::variant<std::monostate, GtidSetPosition,
                                   BinlogCoordinates, TimePosition>;

struct RecordOptions {
  bool position_headers = false;
  bool tombstones = false;

  friend bool operator==(const RecordOptions&, const RecordOptions&) = default;
};

struct Tuning {
  uint64_t memory_budget_bytes = 0;  // 0 = unset.
  uint32_t encoder_threads = 0;      // 0 = the worker's own setting.
  Compression compression = Compression::kUnspecified;

  friend bool operator==(const Tuning&, const Tuning&) = default;
};

struct TaskSpec {
  std::string description;
  std::map<std::string, std::string> tags;
  Placement placement;
  SourceSpec source;
  DestinationSpec destination;
  SynchronizationMode synchronization_mode = SynchronizationMode::kUnspecified;
  std::vector<DatabaseObject> databases;
  TopicPolicy topic_policy;
  PartitionPolicy partition_policy = PartitionPolicy::kUnspecified;
  RecordFormat record_format = RecordFormat::kUnspecified;
  DdlPolicy ddl_policy = DdlPolicy::kUnspecified;
  DeliveryMode delivery_mode = DeliveryMode::kUnspecified;
  InvalidTextPolicy invalid_text_policy = InvalidTextPolicy::kUnspecified;
  UnreadableChangePolicy unreadable_change_policy =
      UnreadableChangePolicy::kUnspecified;
  StartPosition start_position;
  std::optional<absl::Time> start_time;
  RecordOptions record_options;
  uint64_t max_binlog_bytes_per_second = 0;  // 0 = as fast as it goes.
  Tuning tuning;

  friend bool operator==(const TaskSpec&, const TaskSpec&) = default;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_TASK_SPEC_H_
