#include "controller/model/task_spec_validation.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/resource_name.h"
#include "common/topic_name.h"
#include "controller/model/endpoint_validation.h"
#include "controller/model/object_validation.h"
#include "controller/model/violation_list.h"

namespace binferry::controller {
namespace {

constexpr size_t kMaxZones = 2;
constexpr uint32_t kMaxPartitions = 100'000;
constexpr uint32_t kMaxReplicationFactor = 32'767;
constexpr uint64_t kMinBinlogPosition = 4;
// Positions go over the wire in 32 bits (COM_BINLOG_DUMP).
constexpr uint64_t kMaxBinlogPosition = 4'294'967'295;
constexpr uint64_t kMinBytesPerSecond = 65'536;
constexpr uint64_t kMaxBytesPerSecond = 10'000'000'000;
constexpr uint64_t kMinBudgetBytes = uint64_t{16} << 20;
constexpr uint64_t kMaxBudgetBytes = uint64_t{4} << 30;
constexpr uint64_t kDefaultBudgetBytes = uint64_t{64} << 20;
constexpr uint32_t kMaxEncoderThreads = 16;
constexpr size_t kMinHashSaltBytes = 16;
constexpr absl::string_view kReservedTagPrefix = "_sys_";

void CheckDescription(const std::string& description, ViolationList* list) {
  constexpr absl::string_view kForbidden = "!=<>'&\"\\";
  list->CheckLength("task.description", description, 0,
                    kMaxDescriptionCharacters);
  if (description.find_first_of(std::string(kForbidden)) != std::string::npos) {
    list->Add("task.description",
              "must have none of ! = < > ' & \" \\; remove them");
  }
}

// Letters of any alphabet: what isn't ASCII is taken for one.
bool IsTagText(absl::string_view text) {
  constexpr absl::string_view kOthers = " _.:=+-@";
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           static_cast<unsigned char>(c) >= 0x80 ||
           kOthers.find(c) != absl::string_view::npos;
  });
}

void CheckTags(const std::map<std::string, std::string>& tags,
               ViolationList* list) {
  if (tags.size() > kMaxTags) {
    list->Add("task.tags", absl::StrCat("must be at most ", kMaxTags, ", not ",
                                        tags.size()));
  }
  for (const auto& [key, value] : tags) {
    if (CountCharacters(key) < 1 ||
        CountCharacters(key) > kMaxTagKeyCharacters) {
      list->Add("task.tags", absl::StrCat("has a key of ", CountCharacters(key),
                                          " characters; a key has 1 to ",
                                          kMaxTagKeyCharacters));
      continue;
    }
    const std::string field = absl::StrCat("task.tags[", key, "]");
    if (absl::StartsWith(key, kReservedTagPrefix)) {
      list->Add(field, "begins with _sys_, which is kept for the service");
    } else if (!IsTagText(key) || key.front() == ' ' || key.back() == ' ') {
      list->Add(field,
                "must be of letters, digits, blanks inside, and _ . : = + - @");
    }
    list->CheckLength(field, value, 0, kMaxTagValueCharacters);
    if (!IsTagText(value)) {
      list->Add(field,
                "must have a value of letters, digits, blanks and "
                "_ . : = + - @");
    }
  }
}

void CheckPlacement(const Placement& placement, ViolationList* list) {
  if (placement.region.empty() || !CheckProjectId(placement.region).ok()) {
    list->Add("task.placement.region",
              "must be 1 to 63 of a-z, 0-9 and '-' and start with a letter; "
              "`binferry worker list` shows the regions of the workers");
  }
  if (placement.availability_zones.size() > kMaxZones) {
    list->Add("task.placement.availability_zones",
              absl::StrCat("must be at most ", kMaxZones));
  }
  for (size_t i = 0; i < placement.availability_zones.size(); ++i) {
    list->CheckLength(
        absl::StrCat("task.placement.availability_zones[", i, "]"),
        placement.availability_zones[i], 1, kMaxNetworkNameCharacters);
  }
  if (placement.network_type == NetworkType::kUnspecified) {
    list->Add("task.placement.network_type", "is required: VPC, PUBLIC or VPN");
  }
  const auto check = [&](absl::string_view name, const std::string& text) {
    const std::string field = absl::StrCat("task.placement.", name);
    list->CheckLength(field, text, 0, kMaxNetworkNameCharacters);
    if (!text.empty() && placement.network_type != NetworkType::kVpc) {
      list->Add(field, "is only for network type VPC; remove it");
    }
  };
  check("vpc", placement.vpc);
  check("subnet", placement.subnet);
  check("security_group", placement.security_group);
}

void CheckTopicPolicy(const TopicPolicy& policy, ViolationList* list) {
  if (const auto* topic = std::get_if<SpecifiedTopic>(&policy)) {
    if (const absl::Status legal = CheckTopicName(topic->name); !legal.ok()) {
      // Long names are not repeated in the message.
      list->Add("task.topic_policy.specified_topic.name",
                topic->name.size() > kMaxTopicNameBytes
                    ? absl::StrCat("must have at most ", kMaxTopicNameBytes,
                                   " characters")
                    : std::string(legal.message()));
    }
    return;
  }
  const auto* topics = std::get_if<AutoTopics>(&policy);
  if (topics == nullptr) return;  // See IncompleteFields.
  constexpr absl::string_view kPath = "task.topic_policy.auto_topics";
  list->CheckLength(absl::StrCat(kPath, ".name_format"), topics->name_format, 0,
                    kMaxTopicNameBytes);
  if (!topics->name_format.empty() &&
      topics->name_format.size() <= kMaxTopicNameBytes) {
    if (const absl::Status legal = CheckTopicNameFormat(topics->name_format);
        !legal.ok()) {
      list->Add(absl::StrCat(kPath, ".name_format"), legal.message());
    }
  }
  if (topics->partitions > kMaxPartitions) {
    list->Add(absl::StrCat(kPath, ".partitions"),
              absl::StrCat("must be 1 to ", kMaxPartitions));
  }
  if (topics->replication_factor > kMaxReplicationFactor) {
    list->Add(absl::StrCat(kPath, ".replication_factor"),
              absl::StrCat("must be 1 to ", kMaxReplicationFactor,
                           " and at most the number of brokers"));
  }
}

void CheckStartPosition(const StartPosition& position, ViolationList* list) {
  if (const auto* set = std::get_if<GtidSetPosition>(&position)) {
    list->CheckLength("task.start_position.gtid_set", set->gtid_set, 0,
                      kMaxGtidSetCharacters);
  }
  if (const auto* place = std::get_if<BinlogCoordinates>(&position)) {
    constexpr absl::string_view kPath = "task.start_position.coordinates";
    list->CheckLength(absl::StrCat(kPath, ".file"), place->file, 1,
                      kMaxBinlogFileCharacters);
    if (place->position < kMinBinlogPosition ||
        place->position > kMaxBinlogPosition) {
      list->Add(absl::StrCat(kPath, ".position"),
                absl::StrCat("must be ", kMinBinlogPosition, " to ",
                             kMaxBinlogPosition,
                             ", where an event group starts; beyond, start "
                             "with a GTID set"));
    }
  }
}

void CheckTuning(const TaskSpec& spec, ViolationList* list) {
  const uint64_t rate = spec.max_binlog_bytes_per_second;
  if (rate != 0 && (rate < kMinBytesPerSecond || rate > kMaxBytesPerSecond)) {
    list->Add("task.max_binlog_bytes_per_second",
              absl::StrCat("must be 0, for as fast as it goes, or ",
                           kMinBytesPerSecond, " to ", kMaxBytesPerSecond));
  }
  const uint64_t budget = spec.tuning.memory_budget_bytes;
  if (budget != 0 && (budget < kMinBudgetBytes || budget > kMaxBudgetBytes)) {
    list->Add("task.tuning.memory_budget_bytes",
              absl::StrCat("must be ", kMinBudgetBytes, " (16 MiB) to ",
                           kMaxBudgetBytes, " (4 GiB)"));
  }
  if (spec.tuning.encoder_threads > kMaxEncoderThreads) {
    list->Add("task.tuning.encoder_threads",
              absl::StrCat("must be 1 to ", kMaxEncoderThreads));
  }
}

void CheckHashSalt(const TaskSecrets& secrets, ViolationList* list) {
  const auto salt = secrets.find(SecretField::kHashSalt);
  // Empty: one is kept.
  if (salt == secrets.end() || salt->second.empty()) return;
  if (salt->second.size() < kMinHashSaltBytes ||
      salt->second.size() > kMaxSecretBytes) {
    list->Add("task.hash_salt",
              absl::StrCat("must have ", kMinHashSaltBytes, " to ",
                           kMaxSecretBytes, " bytes"));
  }
}

template <typename T>
T OrDefault(T value, T fallback) {
  return value == T{} ? fallback : value;
}

}  // namespace

std::vector<FieldViolation> CheckProject(absl::string_view project,
                                         absl::string_view field) {
  if (CheckProjectId(project).ok()) return {};
  return {{std::string(field),
           "must be projects/{project}, {project} being 1 to 63 of a-z, 0-9 "
           "and '-' and starting with a letter"}};
}

std::vector<FieldViolation> CheckTaskId(absl::string_view task_id,
                                        absl::string_view field) {
  if (::binferry::CheckTaskId(task_id).ok()) return {};
  return {{std::string(field),
           "must be 4 to 50 letters, digits, '-' and '_' and start with a "
           "letter"}};
}

std::vector<FieldViolation> CheckTaskSpec(const TaskSpec& spec,
                                          const TaskSecrets& secrets) {
  ViolationList list(kMaxViolations);
  CheckDescription(spec.description, &list);
  CheckTags(spec.tags, &list);
  CheckPlacement(spec.placement, &list);
  CheckSource(spec.source, secrets, &list);
  CheckDestination(spec.destination, secrets, &list);
  CheckObjects(spec, secrets, &list);
  CheckTopicPolicy(spec.topic_policy, &list);
  CheckStartPosition(spec.start_position, &list);
  CheckTuning(spec, &list);
  CheckHashSalt(secrets, &list);
  return list.Take();
}

std::vector<FieldViolation> FindUnimplemented(const TaskSpec& spec) {
  ViolationList list(kMaxViolations);
  if (spec.synchronization_mode == SynchronizationMode::kFullAndIncremental) {
    list.Add("task.synchronization_mode",
             "FULL_AND_INCREMENTAL is not carried out yet; use INCREMENTAL");
  }
  if (spec.ddl_policy == DdlPolicy::kCarry) {
    list.Add("task.ddl_policy", "CARRY is not carried out yet; use OMIT");
  }
  if (spec.delivery_mode == DeliveryMode::kAtLeastOnce) {
    list.Add("task.delivery_mode",
             "AT_LEAST_ONCE is not carried out yet; use EXACTLY_ONCE");
  }
  return list.Take();
}

std::vector<FieldViolation> CheckTaskSpecUpdate(const TaskSpec& before,
                                                const TaskSpec& after,
                                                TaskProgress progress) {
  ViolationList list(kMaxViolations);
  const auto check = [&list](absl::string_view field, bool is_same) {
    if (!is_same) {
      list.Add(field, "can't be changed; create another task");
    }
  };
  check("task.synchronization_mode",
        before.synchronization_mode == after.synchronization_mode);
  if (progress == TaskProgress::kStarted &&
      before.start_position != after.start_position) {
    list.Add("task.start_position",
             "can't be changed once the task has started; pause it and reset "
             "it to the new position");
  }
  return list.Take();
}

TaskSpec WithDefaults(TaskSpec spec) {
  spec.source.tls_mode = OrDefault(spec.source.tls_mode, TlsMode::kDisabled);
  spec.destination.security_protocol = OrDefault(
      spec.destination.security_protocol, SecurityProtocol::kPlaintext);
  spec.destination.max_record_bytes =
      OrDefault(spec.destination.max_record_bytes, uint32_t{1'000'000});
  spec.synchronization_mode =
      OrDefault(spec.synchronization_mode, SynchronizationMode::kIncremental);
  spec.partition_policy =
      OrDefault(spec.partition_policy, PartitionPolicy::kTableHash);
  spec.record_format = OrDefault(spec.record_format, RecordFormat::kJson);
  spec.ddl_policy = OrDefault(spec.ddl_policy, DdlPolicy::kOmit);
  spec.delivery_mode =
      OrDefault(spec.delivery_mode, DeliveryMode::kExactlyOnce);
  spec.invalid_text_policy =
      OrDefault(spec.invalid_text_policy, InvalidTextPolicy::kStop);
  spec.unreadable_change_policy =
      OrDefault(spec.unreadable_change_policy, UnreadableChangePolicy::kStop);
  if (auto* topics = std::get_if<AutoTopics>(&spec.topic_policy)) {
    topics->name_format =
        OrDefault(topics->name_format, std::string(kDefaultTopicNameFormat));
    topics->partitions = OrDefault(topics->partitions, uint32_t{1});
    topics->replication_factor =
        OrDefault(topics->replication_factor, uint32_t{1});
  }
  if (spec.destination.kerberos_client.has_value()) {
    std::string* const service =
        &spec.destination.kerberos_client->service_name;
    *service = OrDefault(*service, std::string("kafka"));
  }
  spec.tuning.memory_budget_bytes =
      OrDefault(spec.tuning.memory_budget_bytes, kDefaultBudgetBytes);
  spec.tuning.compression =
      OrDefault(spec.tuning.compression, Compression::kLz4);
  return spec;
}

std::vector<std::string> IncompleteFields(const TaskSpec& spec) {
  std::vector<std::string> fields;
  if (spec.databases.empty()) fields.emplace_back("task.objects");
  if (std::holds_alternative<std::monostate>(spec.topic_policy)) {
    fields.emplace_back("task.topic_policy");
  }
  return fields;
}

}  // namespace binferry::controller
