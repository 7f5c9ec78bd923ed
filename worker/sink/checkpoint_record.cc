#include "worker/sink/checkpoint_record.h"

#include <cstdint>
#include <limits>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace binferry::worker {
namespace {

using Json = nlohmann::json;

constexpr char kFormatVersion[] = "formatVersion";

absl::Status Unreadable(absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat(
      "the stored checkpoint can't be read: ", what,
      ". Something else than Binferry may have written to the checkpoint "
      "topic; start the task anew at a position of your choice"));
}

// Takes fields out of an object, and remembers the first that isn't right.
class FieldReader {
 public:
  explicit FieldReader(const Json& object) : object_(object) {}

  void Read(const char* name, std::string* out) {
    const Json* value = Find(name);
    if (value == nullptr) return;
    if (!value->is_string()) return Refuse(name, "is no string");
    *out = value->get_ref<const std::string&>();
  }

  void Read(const char* name, bool* out) {
    const Json* value = Find(name);
    if (value == nullptr) return;
    if (!value->is_boolean()) return Refuse(name, "is no boolean");
    *out = value->get<bool>();
  }

  void Read(const char* name, uint64_t* out) {
    const Json* value = Find(name);
    if (value == nullptr) return;
    if (!value->is_number_unsigned()) {
      return Refuse(name, "is no unsigned integer");
    }
    *out = value->get<uint64_t>();
  }

  // For fields that are left out where they are 0.
  template <typename Number>
  void ReadIfPresent(const char* name, Number* out) {
    if (object_.contains(name)) Read(name, out);
  }

  void Read(const char* name, int64_t* out) {
    const Json* value = Find(name);
    if (value == nullptr) return;
    // Parsed values of 0 and above are unsigned.
    const bool fits = value->is_number_unsigned()
                          ? value->get<uint64_t>() <=
                                uint64_t{std::numeric_limits<int64_t>::max()}
                          : value->is_number_integer();
    if (!fits) return Refuse(name, "is no integer");
    *out = value->get<int64_t>();
  }

  void Read(const char* name, std::map<std::string, int32_t>* out) {
    const Json* value = Find(name);
    if (value == nullptr) return;
    if (!value->is_object()) return Refuse(name, "is no object");
    for (const auto& [topic, count] : value->items()) {
      if (!count.is_number_unsigned() || count.get<uint64_t>() < 1 ||
          count.get<uint64_t>() >
              uint64_t{std::numeric_limits<int32_t>::max()}) {
        return Refuse(name, "holds no partition count");
      }
      out->emplace(topic, count.get<int32_t>());
    }
  }

  // OK if every field was right and none is left over.
  absl::Status Finish() const {
    if (!fault_.empty()) return Unreadable(fault_);
    for (const auto& [name, value] : object_.items()) {
      if (!read_.contains(name)) {
        return Unreadable(
            absl::StrCat("it has an unknown field \"", name, "\""));
      }
    }
    return absl::OkStatus();
  }

 private:
  const Json* Find(const char* name) {
    read_.insert(name);
    const auto found = object_.find(name);
    if (found != object_.end()) return &*found;
    Refuse(name, "is missing");
    return nullptr;
  }

  void Refuse(const char* name, const char* why) {
    if (fault_.empty()) fault_ = absl::StrCat("\"", name, "\" ", why);
  }

  const Json& object_;
  std::set<std::string> read_ = {kFormatVersion};
  std::string fault_;
};

absl::Status CheckFormatVersion(const Json& object) {
  const auto version = object.find(kFormatVersion);
  if (version == object.end() || !version->is_number_integer()) {
    return Unreadable("it has no format version");
  }
  if (*version != kCheckpointFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the stored checkpoint has the format version ", version->dump(),
        ", and this worker reads version ", kCheckpointFormatVersion,
        ": run the task on a worker of the version that wrote it, or of a "
        "newer one"));
  }
  return absl::OkStatus();
}

}  // namespace

std::string SerializeCheckpointKey(const CheckpointKey& key) {
  return absl::StrCat(key.task_uid.value(), "/", key.epoch.value());
}

std::optional<CheckpointKey> ParseCheckpointKey(absl::string_view bytes) {
  const size_t slash = bytes.rfind('/');
  int64_t epoch = 0;
  if (slash == absl::string_view::npos || slash == 0 ||
      !absl::SimpleAtoi(bytes.substr(slash + 1), &epoch) || epoch < 0) {
    return std::nullopt;
  }
  CheckpointKey key{TaskUid(std::string(bytes.substr(0, slash))), Epoch(epoch)};
  // "+1", " 1" and "01" are numbers, but no keys.
  if (SerializeCheckpointKey(key) != bytes) return std::nullopt;
  return key;
}

std::string SerializeCheckpoint(const Checkpoint& checkpoint) {
  Json counts = Json::object();
  for (const auto& [topic, count] : checkpoint.partition_counts) {
    counts[topic] = count;
  }
  Json object = {{kFormatVersion, kCheckpointFormatVersion},
                 {"taskUid", checkpoint.task_uid.value()},
                 {"epoch", checkpoint.epoch.value()},
                 {"generation", checkpoint.generation.value()},
                 {"number", checkpoint.number},
                 {"lastId", checkpoint.last_id},
                 {"serverUuid", checkpoint.server_uuid},
                 {"gtidSet", checkpoint.gtid_set},
                 {"usesGtid", checkpoint.uses_gtid},
                 {"file", checkpoint.file},
                 {"position", checkpoint.position},
                 {"rowsDone", checkpoint.rows_done},
                 {"sourceTimeMs", checkpoint.source_time_ms},
                 {"inserts", checkpoint.inserts},
                 {"updates", checkpoint.updates},
                 {"deletes", checkpoint.deletes},
                 {"records", checkpoint.records},
                 {"partitionCounts", std::move(counts)}};
  // Left out where they are 0, so that workers that don't know them yet go on.
  if (checkpoint.selection_fingerprint != 0) {
    object["selectionFingerprint"] = checkpoint.selection_fingerprint;
  }
  if (checkpoint.replaced_texts != 0) {
    object["replacedTexts"] = checkpoint.replaced_texts;
  }
  if (checkpoint.alerts != 0) object["alerts"] = checkpoint.alerts;
  if (checkpoint.resets != 0) object["resets"] = checkpoint.resets;
  // A text that isn't UTF-8 would otherwise throw. None of ours is such: the
  // only one that could be is a binlog's file name, and the source would say
  // that it has no such file.
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view bytes) {
  const Json object = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (!object.is_object()) return Unreadable("it is no JSON object");
  if (absl::Status version = CheckFormatVersion(object); !version.ok()) {
    return version;
  }
  Checkpoint checkpoint;
  std::string task_uid;
  int64_t epoch = 0;
  int64_t generation = 0;
  FieldReader reader(object);
  reader.Read("taskUid", &task_uid);
  reader.Read("epoch", &epoch);
  reader.Read("generation", &generation);
  reader.Read("number", &checkpoint.number);
  reader.Read("lastId", &checkpoint.last_id);
  reader.Read("serverUuid", &checkpoint.server_uuid);
  reader.Read("gtidSet", &checkpoint.gtid_set);
  reader.Read("usesGtid", &checkpoint.uses_gtid);
  reader.Read("file", &checkpoint.file);
  reader.Read("position", &checkpoint.position);
  reader.Read("rowsDone", &checkpoint.rows_done);
  reader.Read("sourceTimeMs", &checkpoint.source_time_ms);
  reader.Read("inserts", &checkpoint.inserts);
  reader.Read("updates", &checkpoint.updates);
  reader.Read("deletes", &checkpoint.deletes);
  reader.Read("records", &checkpoint.records);
  reader.ReadIfPresent("selectionFingerprint",
                       &checkpoint.selection_fingerprint);
  reader.ReadIfPresent("replacedTexts", &checkpoint.replaced_texts);
  reader.ReadIfPresent("alerts", &checkpoint.alerts);
  reader.ReadIfPresent("resets", &checkpoint.resets);
  reader.Read("partitionCounts", &checkpoint.partition_counts);
  if (absl::Status fields = reader.Finish(); !fields.ok()) return fields;
  if (task_uid.empty() || epoch < 0 || generation < 0 ||
      checkpoint.number < 0 || checkpoint.resets < 0) {
    return Unreadable(
        "its task, epoch, generation, number or resets are impossible");
  }
  checkpoint.task_uid = TaskUid(std::move(task_uid));
  checkpoint.epoch = Epoch(epoch);
  checkpoint.generation = Generation(generation);
  return checkpoint;
}

}  // namespace binferry::worker
