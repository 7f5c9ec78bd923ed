#include "controller/rpc/spec_proto.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/resource_name.h"

namespace binferry::controller {
namespace {

// The model's enums have the numbers of the public ones.
template <typename Model>
Model EnumFromProto(int value, bool is_valid, absl::string_view field,
                    std::vector<FieldViolation>* violations) {
  if (is_valid) return static_cast<Model>(value);
  violations->push_back({.field = std::string(field),
                         .description = absl::StrCat("has no value ", value)});
  return Model();
}

template <typename Proto, typename Model>
Proto EnumToProto(Model value) {
  return static_cast<Proto>(static_cast<int>(value));
}

Placement PlacementFromProto(const v1::Placement& in,
                             std::vector<FieldViolation>* violations) {
  Placement out;
  out.region = in.region();
  out.availability_zones = {in.availability_zones().begin(),
                            in.availability_zones().end()};
  out.network_type = EnumFromProto<NetworkType>(
      in.network_type(), v1::NetworkType_IsValid(in.network_type()),
      "task.placement.network_type", violations);
  out.vpc = in.vpc();
  out.subnet = in.subnet();
  out.security_group = in.security_group();
  return out;
}

SourceSpec SourceFromProto(const v1::Source& in,
                           std::vector<FieldViolation>* violations) {
  SourceSpec out;
  out.host = in.host();
  out.port = in.port();
  out.username = in.username();
  out.tls_mode =
      EnumFromProto<TlsMode>(in.tls_mode(), v1::TlsMode_IsValid(in.tls_mode()),
                             "task.source.tls_mode", violations);
  out.ca_certificate = in.ca_certificate();
  out.client_certificate = in.client_certificate();
  return out;
}

DestinationSpec DestinationFromProto(const v1::Destination& in,
                                     std::vector<FieldViolation>* violations) {
  DestinationSpec out;
  out.bootstrap_servers = {in.bootstrap_servers().begin(),
                           in.bootstrap_servers().end()};
  out.security_protocol = EnumFromProto<SecurityProtocol>(
      in.security_protocol(),
      v1::SecurityProtocol_IsValid(in.security_protocol()),
      "task.destination.security_protocol", violations);
  out.sasl_mechanism = EnumFromProto<SaslMechanism>(
      in.sasl_mechanism(), v1::SaslMechanism_IsValid(in.sasl_mechanism()),
      "task.destination.sasl_mechanism", violations);
  out.username = in.username();
  out.ca_certificate = in.ca_certificate();
  out.client_certificate = in.client_certificate();
  out.skip_endpoint_identification = in.skip_endpoint_identification();
  out.max_record_bytes = in.max_record_bytes();
  return out;
}

std::vector<DatabaseObject> ObjectsFromProto(const v1::ObjectSelection& in) {
  std::vector<DatabaseObject> out;
  out.reserve(static_cast<size_t>(in.databases_size()));
  for (const v1::DatabaseObject& database : in.databases()) {
    DatabaseObject& object = out.emplace_back();
    object.name = database.name();
    object.mapped_name = database.mapped_name();
    object.all_tables = database.all_tables();
    for (const v1::TableObject& table : database.tables()) {
      object.tables.push_back(
          {.name = table.name(), .mapped_name = table.mapped_name()});
    }
  }
  return out;
}

TopicPolicy TopicPolicyFromProto(const v1::TopicPolicy& in) {
  switch (in.policy_case()) {
    case v1::TopicPolicy::kSpecifiedTopic:
      return SpecifiedTopic{.name = in.specified_topic().name()};
    case v1::TopicPolicy::kAutoTopics:
      return AutoTopics{
          .name_format = in.auto_topics().name_format(),
          .partitions = in.auto_topics().partitions(),
          .replication_factor = in.auto_topics().replication_factor()};
    case v1::TopicPolicy::POLICY_NOT_SET:
      return std::monostate();
  }
  return std::monostate();
}

StartPosition StartPositionFromProto(const v1::StartPosition& in) {
  switch (in.position_case()) {
    case v1::StartPosition::kGtidSet:
      return GtidSetPosition{.gtid_set = in.gtid_set()};
    case v1::StartPosition::kCoordinates:
      return BinlogCoordinates{.file = in.coordinates().file(),
                               .position = in.coordinates().position()};
    case v1::StartPosition::kTime:
    case v1::StartPosition::POSITION_NOT_SET:
      return std::monostate();
  }
  return std::monostate();
}

void PlacementToProto(const Placement& in, v1::Placement* out) {
  out->set_region(in.region);
  for (const std::string& zone : in.availability_zones) {
    out->add_availability_zones(zone);
  }
  out->set_network_type(EnumToProto<v1::NetworkType>(in.network_type));
  out->set_vpc(in.vpc);
  out->set_subnet(in.subnet);
  out->set_security_group(in.security_group);
}

void SourceToProto(const SourceSpec& in, v1::Source* out) {
  out->set_host(in.host);
  out->set_port(in.port);
  out->set_username(in.username);
  out->set_tls_mode(EnumToProto<v1::TlsMode>(in.tls_mode));
  out->set_ca_certificate(in.ca_certificate);
  out->set_client_certificate(in.client_certificate);
}

void DestinationToProto(const DestinationSpec& in, v1::Destination* out) {
  for (const std::string& server : in.bootstrap_servers) {
    out->add_bootstrap_servers(server);
  }
  out->set_security_protocol(
      EnumToProto<v1::SecurityProtocol>(in.security_protocol));
  out->set_sasl_mechanism(EnumToProto<v1::SaslMechanism>(in.sasl_mechanism));
  out->set_username(in.username);
  out->set_ca_certificate(in.ca_certificate);
  out->set_client_certificate(in.client_certificate);
  out->set_skip_endpoint_identification(in.skip_endpoint_identification);
  out->set_max_record_bytes(in.max_record_bytes);
}

void TopicPolicyToProto(const TopicPolicy& in, v1::TopicPolicy* out) {
  if (const auto* topic = std::get_if<SpecifiedTopic>(&in)) {
    out->mutable_specified_topic()->set_name(topic->name);
  } else if (const auto* topics = std::get_if<AutoTopics>(&in)) {
    out->mutable_auto_topics()->set_name_format(topics->name_format);
    out->mutable_auto_topics()->set_partitions(topics->partitions);
    out->mutable_auto_topics()->set_replication_factor(
        topics->replication_factor);
  }
}

void StartPositionToProto(const StartPosition& in, v1::Task* task) {
  if (const auto* gtids = std::get_if<GtidSetPosition>(&in)) {
    task->mutable_start_position()->set_gtid_set(gtids->gtid_set);
  } else if (const auto* coordinates = std::get_if<BinlogCoordinates>(&in)) {
    auto* out = task->mutable_start_position()->mutable_coordinates();
    out->set_file(coordinates->file);
    out->set_position(coordinates->position);
  }
}

// Where `field` stands in `task`; null if its message is not there and `task`
// is const.
const std::string& SecretText(SecretField field, const v1::Task& task) {
  switch (field) {
    case SecretField::kSourcePassword:
      return task.source().password();
    case SecretField::kSourceClientKey:
      return task.source().client_key();
    case SecretField::kDestinationPassword:
      return task.destination().password();
    case SecretField::kDestinationClientKey:
      return task.destination().client_key();
    case SecretField::kDestinationClientKeyPassword:
      return task.destination().client_key_password();
  }
  return task.source().password();
}

std::string* MutableSecretText(SecretField field, v1::Task* task) {
  switch (field) {
    case SecretField::kSourcePassword:
      return task->mutable_source()->mutable_password();
    case SecretField::kSourceClientKey:
      return task->mutable_source()->mutable_client_key();
    case SecretField::kDestinationPassword:
      return task->mutable_destination()->mutable_password();
    case SecretField::kDestinationClientKey:
      return task->mutable_destination()->mutable_client_key();
    case SecretField::kDestinationClientKeyPassword:
      return task->mutable_destination()->mutable_client_key_password();
  }
  return nullptr;
}

}  // namespace

TaskSpec SpecFromProto(const v1::Task& task,
                       std::vector<FieldViolation>* violations) {
  TaskSpec spec;
  spec.description = task.description();
  spec.tags = {task.tags().begin(), task.tags().end()};
  spec.placement = PlacementFromProto(task.placement(), violations);
  spec.source = SourceFromProto(task.source(), violations);
  spec.destination = DestinationFromProto(task.destination(), violations);
  spec.synchronization_mode = EnumFromProto<SynchronizationMode>(
      task.synchronization_mode(),
      v1::SynchronizationMode_IsValid(task.synchronization_mode()),
      "task.synchronization_mode", violations);
  spec.databases = ObjectsFromProto(task.objects());
  spec.topic_policy = TopicPolicyFromProto(task.topic_policy());
  spec.partition_policy = EnumFromProto<PartitionPolicy>(
      task.partition_policy(),
      v1::PartitionPolicy_IsValid(task.partition_policy()),
      "task.partition_policy", violations);
  spec.record_format = EnumFromProto<RecordFormat>(
      task.record_format(), v1::RecordFormat_IsValid(task.record_format()),
      "task.record_format", violations);
  spec.ddl_policy = EnumFromProto<DdlPolicy>(
      task.ddl_policy(), v1::DdlPolicy_IsValid(task.ddl_policy()),
      "task.ddl_policy", violations);
  spec.delivery_mode = EnumFromProto<DeliveryMode>(
      task.delivery_mode(), v1::DeliveryMode_IsValid(task.delivery_mode()),
      "task.delivery_mode", violations);
  spec.invalid_text_policy = EnumFromProto<InvalidTextPolicy>(
      task.invalid_text_policy(),
      v1::InvalidTextPolicy_IsValid(task.invalid_text_policy()),
      "task.invalid_text_policy", violations);
  spec.unreadable_change_policy = EnumFromProto<UnreadableChangePolicy>(
      task.unreadable_change_policy(),
      v1::UnreadableChangePolicy_IsValid(task.unreadable_change_policy()),
      "task.unreadable_change_policy", violations);
  spec.start_position = StartPositionFromProto(task.start_position());
  if (task.has_start_time()) {
    if (absl::StatusOr<absl::Time> time = TimeFromProto(task.start_time());
        time.ok()) {
      spec.start_time = *time;
    } else {
      violations->push_back(
          {.field = "task.start_time",
           .description = std::string(time.status().message())});
    }
  }
  return spec;
}

void SpecToProto(const TaskSpec& spec, v1::Task* task) {
  task->set_description(spec.description);
  *task->mutable_tags() = {spec.tags.begin(), spec.tags.end()};
  PlacementToProto(spec.placement, task->mutable_placement());
  SourceToProto(spec.source, task->mutable_source());
  DestinationToProto(spec.destination, task->mutable_destination());
  task->set_synchronization_mode(
      EnumToProto<v1::SynchronizationMode>(spec.synchronization_mode));
  for (const DatabaseObject& database : spec.databases) {
    v1::DatabaseObject* object = task->mutable_objects()->add_databases();
    object->set_name(database.name);
    object->set_mapped_name(database.mapped_name);
    object->set_all_tables(database.all_tables);
    for (const TableObject& table : database.tables) {
      v1::TableObject* out = object->add_tables();
      out->set_name(table.name);
      out->set_mapped_name(table.mapped_name);
    }
  }
  TopicPolicyToProto(spec.topic_policy, task->mutable_topic_policy());
  task->set_partition_policy(
      EnumToProto<v1::PartitionPolicy>(spec.partition_policy));
  task->set_record_format(EnumToProto<v1::RecordFormat>(spec.record_format));
  task->set_ddl_policy(EnumToProto<v1::DdlPolicy>(spec.ddl_policy));
  task->set_delivery_mode(EnumToProto<v1::DeliveryMode>(spec.delivery_mode));
  task->set_invalid_text_policy(
      EnumToProto<v1::InvalidTextPolicy>(spec.invalid_text_policy));
  task->set_unreadable_change_policy(
      EnumToProto<v1::UnreadableChangePolicy>(spec.unreadable_change_policy));
  StartPositionToProto(spec.start_position, task);
  if (spec.start_time.has_value()) {
    *task->mutable_start_time() = TimeToProto(*spec.start_time);
  }
}

TaskSecrets SecretsFromProto(const v1::Task& task) {
  TaskSecrets secrets;
  for (const SecretField field : kSecretFields) {
    const std::string& text = SecretText(field, task);
    if (!text.empty()) secrets[field] = text;
  }
  return secrets;
}

void SecretsToProto(const TaskSecrets& secrets, v1::Task* task) {
  for (const auto& [field, text] : secrets) {
    *MutableSecretText(field, task) = text;
  }
}

void ClearSecrets(v1::Task* task) {
  for (const SecretField field : kSecretFields) {
    if (!SecretText(field, *task).empty()) {
      MutableSecretText(field, task)->clear();
    }
  }
}

void ReduceToBasic(v1::Task* task) {
  task->clear_objects();
  task->mutable_source()->clear_ca_certificate();
  task->mutable_source()->clear_client_certificate();
  task->mutable_destination()->clear_ca_certificate();
  task->mutable_destination()->clear_client_certificate();
}

StoredSpec ToStoredSpec(const TaskSpec& spec,
                        const std::set<SecretField>& stored_secrets) {
  v1::Task document;
  SpecToProto(spec, &document);
  document.mutable_source()->set_password_set(
      stored_secrets.count(SecretField::kSourcePassword) > 0);
  document.mutable_destination()->set_password_set(
      stored_secrets.count(SecretField::kDestinationPassword) > 0);
  StoredSpec stored;
  stored.document = document.SerializeAsString();
  ReduceToBasic(&document);
  stored.basic_document = document.SerializeAsString();
  stored.placement = spec.placement;
  stored.tags = spec.tags;
  stored.start_time = spec.start_time;
  return stored;
}

absl::StatusOr<v1::Task> ParseDocument(const StoredSpec& spec) {
  v1::Task task;
  if (!task.ParseFromString(spec.document)) {
    return absl::InternalError("the stored definition of a task is damaged");
  }
  task.clear_start_time();
  if (spec.start_time.has_value()) {
    *task.mutable_start_time() = TimeToProto(*spec.start_time);
  }
  return task;
}

std::string FormatTaskName(const TaskKey& key) {
  return TaskName{.project = key.project, .task = key.task_id}.ToString();
}

absl::StatusOr<absl::Time> TimeFromProto(
    const google::protobuf::Timestamp& timestamp) {
  // Year 1 to 9999, as google/protobuf/timestamp.proto says.
  constexpr int64_t kMinSeconds = -62135596800;
  constexpr int64_t kMaxSeconds = 253402300799;
  if (timestamp.seconds() < kMinSeconds || timestamp.seconds() > kMaxSeconds ||
      timestamp.nanos() < 0 || timestamp.nanos() > 999'999'999) {
    return absl::InvalidArgumentError(
        "must be a time between the years 1 and 9999");
  }
  return absl::FromUnixSeconds(timestamp.seconds()) +
         absl::Nanoseconds(timestamp.nanos());
}

google::protobuf::Timestamp TimeToProto(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

}  // namespace binferry::controller
