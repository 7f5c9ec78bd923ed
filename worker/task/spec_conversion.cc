#include "worker/task/spec_conversion.h"

#include <limits>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "common/topic_name.h"
#include "worker/task/destination_conversion.h"
#include "worker/task/object_conversion.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;

constexpr int64_t kDefaultMaxRecordBytes = 1'000'000;

absl::Status Unimplemented(absl::string_view field, absl::string_view value) {
  return absl::UnimplementedError(absl::StrCat(
      field, ": ", value, " is not carried out by this worker's version"));
}

absl::StatusOr<TlsMode> ConvertTlsMode(v1::TlsMode mode) {
  switch (mode) {
    case v1::TLS_MODE_UNSPECIFIED:
    case v1::TLS_MODE_DISABLED:
      return TlsMode::kDisabled;
    case v1::TLS_MODE_REQUIRED:
      return TlsMode::kRequired;
    case v1::TLS_MODE_VERIFY_CA:
      return TlsMode::kVerifyCa;
    case v1::TLS_MODE_VERIFY_IDENTITY:
      return TlsMode::kVerifyIdentity;
    case v1::TlsMode_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::TlsMode_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Unimplemented("source.tls_mode", absl::StrCat(mode));
}

absl::StatusOr<PartitionPolicy> ConvertPartitionPolicy(
    v1::PartitionPolicy policy) {
  switch (policy) {
    case v1::PARTITION_POLICY_UNSPECIFIED:
    case v1::PARTITION_POLICY_TABLE_HASH:
      return PartitionPolicy::kTableHash;
    case v1::PARTITION_POLICY_PARTITION_ZERO:
      return PartitionPolicy::kPartitionZero;
    case v1::PARTITION_POLICY_PRIMARY_KEY_HASH:
      return PartitionPolicy::kPrimaryKeyHash;
    case v1::PARTITION_POLICY_COLUMN_HASH:
      return PartitionPolicy::kColumnHash;
    case v1::PartitionPolicy_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::PartitionPolicy_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Unimplemented("partition_policy", v1::PartitionPolicy_Name(policy));
}

absl::StatusOr<RecordFormat> ConvertRecordFormat(v1::RecordFormat format) {
  switch (format) {
    case v1::RECORD_FORMAT_UNSPECIFIED:
    case v1::RECORD_FORMAT_JSON:
      return RecordFormat::kJson;
    case v1::RECORD_FORMAT_JSON_C:
      return RecordFormat::kJsonC;
    case v1::RecordFormat_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::RecordFormat_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Unimplemented("record_format", absl::StrCat(format));
}

absl::StatusOr<RecordCompression> ConvertCompression(
    v1::Compression compression) {
  switch (compression) {
    case v1::COMPRESSION_NONE:
      return RecordCompression::kNone;
    case v1::COMPRESSION_GZIP:
      return RecordCompression::kGzip;
    case v1::COMPRESSION_SNAPPY:
      return RecordCompression::kSnappy;
    case v1::COMPRESSION_UNSPECIFIED:
    case v1::COMPRESSION_LZ4:
      return RecordCompression::kLz4;
    case v1::COMPRESSION_ZSTD:
      return RecordCompression::kZstd;
    case v1::Compression_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::Compression_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Unimplemented("tuning.compression", absl::StrCat(compression));
}

absl::StatusOr<InvalidText> ConvertInvalidText(v1::InvalidTextPolicy policy) {
  switch (policy) {
    case v1::INVALID_TEXT_POLICY_UNSPECIFIED:
    case v1::INVALID_TEXT_POLICY_STOP:
      return InvalidText::kStop;
    case v1::INVALID_TEXT_POLICY_REPLACE:
      return InvalidText::kReplace;
    case v1::InvalidTextPolicy_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::InvalidTextPolicy_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Unimplemented("invalid_text_policy", absl::StrCat(policy));
}

absl::StatusOr<UnreadableChange> ConvertUnreadableChange(
    v1::UnreadableChangePolicy policy) {
  switch (policy) {
    case v1::UNREADABLE_CHANGE_POLICY_UNSPECIFIED:
    case v1::UNREADABLE_CHANGE_POLICY_STOP:
      return UnreadableChange::kStop;
    case v1::UNREADABLE_CHANGE_POLICY_ALERT:
      return UnreadableChange::kAlert;
    case v1::UnreadableChangePolicy_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::UnreadableChangePolicy_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Unimplemented("unreadable_change_policy", absl::StrCat(policy));
}

absl::Status ConvertSource(const v1::Source& source, ConnectionOptions* out) {
  if (source.host().empty()) {
    return absl::InvalidArgumentError("source.host: must be set");
  }
  if (source.port() < 1 ||
      source.port() > std::numeric_limits<uint16_t>::max()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "source.port: ", source.port(), " is not from 1 to 65535"));
  }
  out->host = source.host();
  out->port = static_cast<uint16_t>(source.port());
  out->user = source.username();
  out->password = source.password();
  BINFERRY_ASSIGN_OR_RETURN(out->tls_mode, ConvertTlsMode(source.tls_mode()));
  out->ca_pem = source.ca_certificate();
  out->certificate_pem = source.client_certificate();
  out->key_pem = source.client_key();
  // A run that is told to stop can't break off a connect.
  out->connect_timeout = absl::Seconds(3);
  return absl::OkStatus();
}

absl::Status ConvertDestinationOf(const v1::Destination& destination,
                                  TaskSpec* out) {
  BINFERRY_ASSIGN_OR_RETURN(out->destination, ConvertDestination(destination));
  out->max_record_bytes = destination.max_record_bytes() == 0
                              ? kDefaultMaxRecordBytes
                              : destination.max_record_bytes();
  return absl::OkStatus();
}

absl::Status AddObjects(const v1::ObjectSelection& objects, TaskSpec* out) {
  BINFERRY_ASSIGN_OR_RETURN(ConvertedObjects converted,
                            ConvertObjects(objects));
  out->selection = std::move(converted.selection);
  out->required_objects = std::move(converted.required);
  return absl::OkStatus();
}

absl::Status ConvertRecordOptions(const v1::Task& task, TaskSpec* out) {
  out->position_headers = task.record_options().position_headers();
  out->tombstones = task.record_options().tombstones();
  out->hash_salt = Secret(task.hash_salt());
  out->max_binlog_bytes_per_second = task.max_binlog_bytes_per_second();
  out->budget_bytes = task.tuning().memory_budget_bytes();
  constexpr uint32_t kMaxEncoderThreads = 16;
  if (task.tuning().encoder_threads() > kMaxEncoderThreads) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tuning.encoder_threads: ", task.tuning().encoder_threads(),
        " is not from 1 to 16"));
  }
  out->encoder_threads = static_cast<int>(task.tuning().encoder_threads());
  BINFERRY_ASSIGN_OR_RETURN(out->compression,
                            ConvertCompression(task.tuning().compression()));
  return absl::OkStatus();
}

absl::Status ConvertTopicPolicy(const v1::TopicPolicy& policy, TaskSpec* out) {
  switch (policy.policy_case()) {
    case v1::TopicPolicy::kSpecifiedTopic:
      out->specified_topic = policy.specified_topic().name();
      return CheckTopicName(out->specified_topic);
    case v1::TopicPolicy::kAutoTopics: {
      const v1::AutoTopics& topics = policy.auto_topics();
      out->topic_name_format = topics.name_format().empty()
                                   ? std::string(kDefaultTopicNameFormat)
                                   : topics.name_format();
      out->topic_creation = {
          .partition_count = topics.partitions() == 0
                                 ? 1
                                 : static_cast<int32_t>(topics.partitions()),
          .replication_factor =
              topics.replication_factor() == 0
                  ? 1
                  : static_cast<int32_t>(topics.replication_factor())};
      return CheckTopicNameFormat(out->topic_name_format);
    }
    case v1::TopicPolicy::POLICY_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("topic_policy: must be set");
}

absl::Status CheckModes(const v1::Task& task) {
  if (task.synchronization_mode() != v1::SYNCHRONIZATION_MODE_UNSPECIFIED &&
      task.synchronization_mode() != v1::SYNCHRONIZATION_MODE_INCREMENTAL) {
    return Unimplemented(
        "synchronization_mode",
        v1::SynchronizationMode_Name(task.synchronization_mode()));
  }
  if (task.ddl_policy() != v1::DDL_POLICY_UNSPECIFIED &&
      task.ddl_policy() != v1::DDL_POLICY_OMIT) {
    return Unimplemented("ddl_policy", v1::DdlPolicy_Name(task.ddl_policy()));
  }
  if (task.delivery_mode() != v1::DELIVERY_MODE_UNSPECIFIED &&
      task.delivery_mode() != v1::DELIVERY_MODE_EXACTLY_ONCE) {
    return Unimplemented("delivery_mode",
                         v1::DeliveryMode_Name(task.delivery_mode()));
  }
  return absl::OkStatus();
}

StartPosition ConvertStart(const v1::StartPosition& start) {
  switch (start.position_case()) {
    case v1::StartPosition::kGtidSet:
      return StartAfterGtidSet{.gtid_set = start.gtid_set()};
    case v1::StartPosition::kCoordinates:
      return StartAtCoordinates{
          .coordinates = {.file = start.coordinates().file(),
                          .position = start.coordinates().position()}};
    case v1::StartPosition::kTime:
      return StartAtTime{.time = absl::FromUnixSeconds(start.time().seconds()) +
                                 absl::Nanoseconds(start.time().nanos())};
    case v1::StartPosition::POSITION_NOT_SET:
      break;
  }
  return StartNow{};
}

absl::Status ConvertRuntime(const pb::TaskRuntime& runtime, TaskSpec* out) {
  out->dump.server_id = runtime.server_id();
  out->dump.replica_uuid = runtime.replica_uuid();
  out->state_prefix = runtime.state_topic_prefix();
  out->start_position_committed = runtime.start_position_committed();
  out->kafka_cluster_id = runtime.kafka_cluster_id();
  out->resets = runtime.reset_count();
  out->transactional_id = runtime.transactional_id();
  if (runtime.server_id() == 0 || runtime.replica_uuid().empty() ||
      runtime.state_topic_prefix().empty() ||
      runtime.transactional_id().empty()) {
    return absl::InternalError(absl::StrCat(
        "the controller gave no usable runtime for the task: server id ",
        runtime.server_id(), ", replica UUID '", runtime.replica_uuid(),
        "', state topics '", runtime.state_topic_prefix(),
        "', transactional id '", runtime.transactional_id(), "'"));
  }
  return absl::OkStatus();
}

TaskSpec Named(const v1::Task& task) {
  TaskSpec spec;
  spec.uid = TaskUid(task.uid());
  spec.name = task.name();
  spec.generation = Generation(task.generation());
  return spec;
}

}  // namespace

absl::StatusOr<TaskSpec> ConvertSourceSide(
    const pb::GetTaskSpecResponse& response) {
  TaskSpec spec = Named(response.task());
  BINFERRY_RETURN_IF_ERROR(
      ConvertSource(response.task().source(), &spec.source));
  if (!response.task().objects().databases().empty()) {
    BINFERRY_RETURN_IF_ERROR(AddObjects(response.task().objects(), &spec));
  }
  BINFERRY_RETURN_IF_ERROR(ConvertRuntime(response.runtime(), &spec));
  return spec;
}

absl::StatusOr<TaskSpec> ConvertDestinationSide(
    const pb::GetTaskSpecResponse& response) {
  TaskSpec spec = Named(response.task());
  BINFERRY_RETURN_IF_ERROR(
      ConvertDestinationOf(response.task().destination(), &spec));
  return spec;
}

absl::StatusOr<TaskSpec> ConvertTaskSpec(
    const pb::GetTaskSpecResponse& response) {
  const v1::Task& task = response.task();
  TaskSpec spec = Named(task);
  BINFERRY_RETURN_IF_ERROR(CheckModes(task));
  BINFERRY_RETURN_IF_ERROR(ConvertSource(task.source(), &spec.source));
  BINFERRY_RETURN_IF_ERROR(ConvertDestinationOf(task.destination(), &spec));
  BINFERRY_RETURN_IF_ERROR(AddObjects(task.objects(), &spec));
  BINFERRY_RETURN_IF_ERROR(ConvertRecordOptions(task, &spec));
  BINFERRY_RETURN_IF_ERROR(ConvertTopicPolicy(task.topic_policy(), &spec));
  BINFERRY_ASSIGN_OR_RETURN(spec.partition_policy,
                            ConvertPartitionPolicy(task.partition_policy()));
  BINFERRY_ASSIGN_OR_RETURN(spec.record_format,
                            ConvertRecordFormat(task.record_format()));
  BINFERRY_ASSIGN_OR_RETURN(spec.invalid_text,
                            ConvertInvalidText(task.invalid_text_policy()));
  BINFERRY_ASSIGN_OR_RETURN(
      spec.unreadable_change,
      ConvertUnreadableChange(task.unreadable_change_policy()));
  spec.start = ConvertStart(task.start_position());
  BINFERRY_RETURN_IF_ERROR(ConvertRuntime(response.runtime(), &spec));
  return spec;
}

}  // namespace binferry::worker
