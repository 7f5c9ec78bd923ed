#include "worker/pipeline/table_planner.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "common/topic_name.h"

namespace binferry::worker {
namespace {

// The least that a row takes in an event with all columns.
size_t MinRowBytes(const TableMap& map) {
  size_t bytes = (map.steps.size() + 7) / 8;
  for (size_t i = 0; i < map.steps.size(); ++i) {
    if (map.schema.columns[i].is_nullable) continue;
    bytes += map.steps[i].bytes + map.steps[i].length_bytes;
  }
  return std::max<size_t>(bytes, 1);
}

// What rules add to the two rows of an UPDATE.
size_t FixedRuleBytes(const RowRules& rules) {
  constexpr size_t kTimeBytes = 28;
  size_t bytes = 0;
  for (const AdditionalStep& step : rules.additional) {
    bytes += step.name.size() + step.constant.size() + kTimeBytes;
  }
  for (const ValueTransformation& column : rules.columns) {
    if (column.kind == ValueTransformation::Kind::kHash) {
      bytes += SaltedHash::kHexBytes;
    }
    bytes += column.constant.size();
  }
  return 2 * bytes;
}

size_t FixedRecordBytes(const TablePlan& plan) {
  size_t bytes = plan.head.size() + plan.middle[1].size() + plan.tail.size();
  // A name and quotes for each column.
  for (const ColumnStep& column : plan.columns) bytes += column.name.size() + 2;
  if (plan.rules != nullptr) bytes += FixedRuleBytes(*plan.rules);
  return bytes + 64;  // Id and times.
}

}  // namespace

size_t PlannedTable::ExpectRecordBytes(size_t rows_bytes) const {
  const size_t most =
      3 * rows_bytes + rows_bytes / min_row_bytes * fixed_record_bytes;
  const uint32_t growth = growth_sixteenths.load(std::memory_order_relaxed);
  if (growth == 0) return most;
  return std::min(most, rows_bytes * growth / 16 * 5 / 4);
}

void PlannedTable::Learn(size_t rows_bytes, size_t record_bytes) const {
  if (rows_bytes == 0) return;
  const size_t growth = record_bytes * 16 / rows_bytes + 1;
  growth_sixteenths.store(static_cast<uint32_t>(std::min<size_t>(
                              growth, std::numeric_limits<uint32_t>::max())),
                          std::memory_order_relaxed);
}

absl::Status TablePlanner::Update(const TableMapEvent& event) {
  if (event.table_id == RowsEvent::kDummyTableId) return absl::OkStatus();
  const std::optional<SelectedTable> names =
      selector_->Select(event.database, event.table);
  if (!names.has_value()) {
    ids_[event.table_id] = nullptr;
    return absl::OkStatus();
  }
  const auto known = ids_.find(event.table_id);
  // A database's name has at most 64 characters; no name has a NUL.
  const std::string key =
      absl::StrCat(event.database, absl::string_view("\0", 1), event.table);
  Version& version = versions_[key];
  if (version.table == nullptr || version.identity != event.identity) {
    BINFERRY_ASSIGN_OR_RETURN(version.table, Plan(event, key, *names));
    version.identity = std::string(event.identity);
  }
  if (known != ids_.end()) {
    known->second = version.table;
  } else {
    ids_.emplace(event.table_id, version.table);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const PlannedTable>*> TablePlanner::Find(
    uint64_t table_id) {
  const auto found = ids_.find(table_id);
  if (found == ids_.end()) {
    return absl::DataLossError(
        absl::StrCat("rows of table id ", table_id,
                     ", which no TABLE_MAP event has described"));
  }
  return &found->second;
}

void TablePlanner::ForgetIds() { ids_.clear(); }

void TablePlanner::ForgetIdsAtLimit() {
  if (ids_.size() > kMaxIds) ids_.clear();
  if (versions_.size() > kMaxTables) versions_.clear();
}

absl::StatusOr<std::shared_ptr<const PlannedTable>> TablePlanner::Plan(
    const TableMapEvent& event, const std::string& key,
    const SelectedTable& names) {
  auto table = std::make_shared<PlannedTable>();
  table->quoted_name = key;
  BINFERRY_ASSIGN_OR_RETURN(table->map, BuildTableMap(event));
  absl::StatusOr<TablePlanOptions> options = PlanOptions(names);
  absl::StatusOr<TablePlan> plan =
      options.ok() ? BuildTablePlan(table->map.schema, *std::move(options))
                   : absl::StatusOr<TablePlan>(options.status());
  if (!plan.ok()) {
    // The payload tells an agent more than the code.
    absl::Status status(plan.status().code(),
                        absl::StrCat("table ", event.database, ".", event.table,
                                     ": ", plan.status().message()));
    plan.status().ForEachPayload(
        [&status](absl::string_view url, const absl::Cord& payload) {
          status.SetPayload(url, payload);
        });
    return status;
  }
  table->plan = *std::move(plan);
  table->min_row_bytes = MinRowBytes(table->map);
  table->fixed_record_bytes = FixedRecordBytes(table->plan);
  return table;
}

absl::StatusOr<TablePlanOptions> TablePlanner::PlanOptions(
    const SelectedTable& names) {
  TablePlanOptions options;
  options.format = options_->format;
  options.partition_policy = options_->partition_policy;
  options.invalid_text = options_->invalid_text;
  options.tombstones = options_->tombstones;
  options.rules = names.rules;
  options.hash_salt = options_->hash_salt.Reveal();
  options.mapped_database = std::string(names.database);
  options.mapped_table = std::string(names.table);
  options.topic = names.rules != nullptr && !names.rules->topic.empty()
                      ? names.rules->topic
                      : options_->topic_policy.specified_topic;
  if (options.topic.empty()) {
    BINFERRY_ASSIGN_OR_RETURN(options.topic,
                              TopicNameFor(options_->topic_policy.name_format,
                                           names.database, names.table));
  }
  BINFERRY_ASSIGN_OR_RETURN(const RecordSink::Topic topic,
                            sink_->OpenTopic(options.topic));
  const int32_t frozen =
      partition_counts_.emplace(options.topic, topic.partition_count)
          .first->second;
  if (topic.partition_count < frozen) {
    return absl::FailedPreconditionError(absl::StrCat(
        "topic ", options.topic, " has ", topic.partition_count,
        " partitions, but had ", frozen,
        " when the task first used it: it was deleted and created again; give "
        "it ",
        frozen, " partitions, or create the task anew"));
  }
  options.topic_handle = topic.handle;
  options.partition_count = frozen;
  return options;
}

}  // namespace binferry::worker
