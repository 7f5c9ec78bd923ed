#include "controller/rpc/spec_proto.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/resource_name.h"
#include "controller/rpc/endpoint_proto.h"
#include "controller/rpc/enum_proto.h"
#include "controller/rpc/objects_proto.h"

namespace binferry::controller {
namespace {

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

StartPosition StartPositionFromProto(const v1::StartPosition& in,
                                     std::vector<FieldViolation>* violations) {
  switch (in.position_case()) {
    case v1::StartPosition::kGtidSet:
      return GtidSetPosition{.gtid_set = in.gtid_set()};
    case v1::StartPosition::kCoordinates:
      return BinlogCoordinates{.file = in.coordinates().file(),
                               .position = in.coordinates().position()};
    case v1::StartPosition::kTime: {
      const absl::StatusOr<absl::Time> time = TimeFromProto(in.time());
      if (time.ok()) return TimePosition{.time = *time};
      violations->push_back(
          {.field = "task.start_position.time",
           .description = std::string(time.status().message())});
      return std::monostate();
    }
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
  } else if (const auto* time = std::get_if<TimePosition>(&in)) {
    *task->mutable_start_position()->mutable_time() = TimeToProto(time->time);
  }
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
  spec.databases = ObjectsFromProto(task.objects(), violations);
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
  spec.start_position =
      StartPositionFromProto(task.start_position(), violations);
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
  spec.record_options = {
      .position_headers = task.record_options().position_headers(),
      .tombstones = task.record_options().tombstones()};
  spec.max_binlog_bytes_per_second = task.max_binlog_bytes_per_second();
  spec.tuning = {.memory_budget_bytes = task.tuning().memory_budget_bytes(),
                 .encoder_threads = task.tuning().encoder_threads(),
                 .compression = EnumFromProto<Compression>(
                     task.tuning().compression(),
                     v1::Compression_IsValid(task.tuning().compression()),
                     "task.tuning.compression", violations)};
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
  if (!spec.databases.empty()) {
    ObjectsToProto(spec.databases, task->mutable_objects());
  }
  if (!std::holds_alternative<std::monostate>(spec.topic_policy)) {
    TopicPolicyToProto(spec.topic_policy, task->mutable_topic_policy());
  }
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
  task->mutable_record_options()->set_position_headers(
      spec.record_options.position_headers);
  task->mutable_record_options()->set_tombstones(
      spec.record_options.tombstones);
  task->set_max_binlog_bytes_per_second(spec.max_binlog_bytes_per_second);
  v1::Tuning* const tuning = task->mutable_tuning();
  tuning->set_memory_budget_bytes(spec.tuning.memory_budget_bytes);
  tuning->set_encoder_threads(spec.tuning.encoder_threads);
  tuning->set_compression(
      EnumToProto<v1::Compression>(spec.tuning.compression));
}

void ReduceToBasic(v1::Task* task) {
  task->clear_objects();
  task->mutable_source()->clear_ca_certificate();
  task->mutable_source()->clear_client_certificate();
  task->mutable_destination()->clear_ca_certificate();
  task->mutable_destination()->clear_client_certificate();
  if (task->destination().has_trust_store()) {
    task->mutable_destination()->mutable_trust_store()->clear_content();
  }
}

StoredSpec ToStoredSpec(const TaskSpec& spec,
                        const std::set<SecretField>& stored_secrets) {
  v1::Task document;
  SpecToProto(spec, &document);
  TellStoredSecrets(stored_secrets, &document);
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
