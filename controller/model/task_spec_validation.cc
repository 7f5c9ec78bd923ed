#include "controller/model/task_spec_validation.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/resource_name.h"
#include "common/topic_name.h"
#include "controller/model/endpoint_validation.h"
#include "controller/model/violation_list.h"

namespace binferry::controller {
namespace {

constexpr size_t kMaxZones = 2;
constexpr uint32_t kMaxPartitions = 100'000;
constexpr uint32_t kMaxReplicationFactor = 32'767;
constexpr uint64_t kMinBinlogPosition = 4;
// Positions go over the wire in 32 bits (COM_BINLOG_DUMP).
constexpr uint64_t kMaxBinlogPosition = 4'294'967'295;

void CheckDescription(const std::string& description, ViolationList* list) {
  constexpr absl::string_view kForbidden = "!=<>'&\"\\";
  list->CheckLength("task.description", description, 0,
                    kMaxDescriptionCharacters);
  if (description.find_first_of(std::string(kForbidden)) != std::string::npos) {
    list->Add("task.description",
              "must have none of ! = < > ' & \" \\; remove them");
  }
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
    } else {
      list->CheckLength(absl::StrCat("task.tags[", key, "]"), value, 0,
                        kMaxTagValueCharacters);
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

bool IsSystemSchema(absl::string_view database) {
  const std::string lower = absl::AsciiStrToLower(database);
  return lower == "mysql" || lower == "information_schema" ||
         lower == "performance_schema" || lower == "sys";
}

void CheckTables(const DatabaseObject& database, const std::string& path,
                 ViolationList* list) {
  if (!database.all_tables && database.tables.empty()) {
    list->Add(absl::StrCat(path, ".tables"),
              "selects no table; name tables or set all_tables");
  }
  if (database.tables.size() > kMaxTables) {
    list->Add(absl::StrCat(path, ".tables"),
              absl::StrCat("must be at most ", kMaxTables, ", not ",
                           database.tables.size()));
    return;
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < database.tables.size(); ++i) {
    const TableObject& table = database.tables[i];
    const std::string table_path = absl::StrCat(path, ".tables[", i, "]");
    list->CheckLength(absl::StrCat(table_path, ".name"), table.name, 1,
                      kMaxObjectNameCharacters);
    list->CheckLength(absl::StrCat(table_path, ".mapped_name"),
                      table.mapped_name, 0, kMaxObjectNameCharacters);
    if (!seen.insert(table.name).second) {
      list->Add(absl::StrCat(table_path, ".name"),
                "stands twice in this database; remove one");
    }
  }
}

void CheckObjects(const std::vector<DatabaseObject>& databases,
                  ViolationList* list) {
  if (databases.empty() || databases.size() > kMaxDatabases) {
    list->Add("task.objects.databases",
              absl::StrCat("must be 1 to ", kMaxDatabases, ", not ",
                           databases.size()));
    return;
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < databases.size(); ++i) {
    const DatabaseObject& database = databases[i];
    const std::string path = absl::StrCat("task.objects.databases[", i, "]");
    const std::string name_path = absl::StrCat(path, ".name");
    list->CheckLength(name_path, database.name, 1, kMaxObjectNameCharacters);
    list->CheckLength(absl::StrCat(path, ".mapped_name"), database.mapped_name,
                      0, kMaxObjectNameCharacters);
    if (IsSystemSchema(database.name)) {
      list->Add(name_path, "is a system schema, which no task can select");
    }
    if (!seen.insert(database.name).second) {
      list->Add(name_path, "stands twice; put its tables under one entry");
    }
    CheckTables(database, path, list);
  }
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
  if (topics == nullptr) {
    list->Add("task.topic_policy",
              "is required: specified_topic or auto_topics");
    return;
  }
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
  CheckObjects(spec.databases, &list);
  CheckTopicPolicy(spec.topic_policy, &list);
  CheckStartPosition(spec.start_position, &list);
  return list.Take();
}

std::vector<FieldViolation> FindUnimplemented(const TaskSpec& spec) {
  ViolationList list(kMaxViolations);
  if (spec.synchronization_mode == SynchronizationMode::kFullAndIncremental) {
    list.Add("task.synchronization_mode",
             "FULL_AND_INCREMENTAL is not carried out yet; use INCREMENTAL");
  }
  if (spec.partition_policy == PartitionPolicy::kColumnHash) {
    list.Add("task.partition_policy",
             "COLUMN_HASH is not carried out yet; use PRIMARY_KEY_HASH");
  }
  if (spec.ddl_policy == DdlPolicy::kCarry) {
    list.Add("task.ddl_policy", "CARRY is not carried out yet; use OMIT");
  }
  if (spec.delivery_mode == DeliveryMode::kAtLeastOnce) {
    list.Add("task.delivery_mode",
             "AT_LEAST_ONCE is not carried out yet; use EXACTLY_ONCE");
  }
  if (spec.destination.sasl_mechanism == SaslMechanism::kOauthbearer ||
      spec.destination.sasl_mechanism == SaslMechanism::kGssapi) {
    list.Add("task.destination.sasl_mechanism",
             "OAUTHBEARER and GSSAPI are not carried out yet; use PLAIN, "
             "SCRAM_SHA_256 or SCRAM_SHA_512");
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
  check("task.source.host", before.source.host == after.source.host);
  check("task.source.port", before.source.port == after.source.port);
  check("task.destination.bootstrap_servers",
        before.destination.bootstrap_servers ==
            after.destination.bootstrap_servers);
  check("task.synchronization_mode",
        before.synchronization_mode == after.synchronization_mode);
  if (progress == TaskProgress::kStarted &&
      before.start_position != after.start_position) {
    list.Add("task.start_position",
             "can't be changed once the task has started; stop this task and "
             "create another one");
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
  return spec;
}

}  // namespace binferry::controller
