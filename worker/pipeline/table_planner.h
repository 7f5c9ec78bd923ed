// From TABLE_MAP events to table plans.
#ifndef BINFERRY_WORKER_PIPELINE_TABLE_PLANNER_H_
#define BINFERRY_WORKER_PIPELINE_TABLE_PLANNER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "worker/binlog/events.h"
#include "worker/binlog/table_map.h"
#include "worker/encode/table_plan.h"
#include "worker/pipeline/pipeline_options.h"
#include "worker/select/object_selection.h"
#include "worker/sink/record_sink.h"

namespace binferry::worker {

// A version of a selected table: how to read its rows and how to write them.
// Immutable but for what was learned about sizes.
struct PlannedTable {
  TableMap map;
  TablePlan plan;
  std::string quoted_name;  // Of the source, the same for no other table.
  // Every row is at least that long in the binlog, and adds that much fixed
  // text to its record.
  size_t min_row_bytes = 1;
  size_t fixed_record_bytes = 0;
  // Of rows so far, record bytes per byte in the binlog, in 1/16; 0 = unknown.
  // Only a guess hangs on it.
  mutable std::atomic<uint32_t> growth_sixteenths{0};

  // How large the records of `rows_bytes` of this table may become.
  size_t ExpectRecordBytes(size_t rows_bytes) const;
  // Rows of `rows_bytes` have become records of `record_bytes`.
  void Learn(size_t rows_bytes, size_t record_bytes) const;
};

// Builds a plan when a selected table appears or changes, and knows which table
// the rows events to come belong to.
//
// Thread-compatible: the reader's.
class TablePlanner {
 public:
  // All must outlive the planner. `partition_counts` are those frozen in the
  // checkpoint.
  TablePlanner(const PipelineOptions* options, const TableSelector* selector,
               RecordSink* sink,
               std::map<std::string, int32_t> partition_counts)
      : options_(options),
        selector_(selector),
        sink_(sink),
        partition_counts_(std::move(partition_counts)) {}

  // Takes a TABLE_MAP. Statuses name the table: as BuildTableMap, and as
  // RecordSink::OpenTopic, both for selected tables only; INVALID_ARGUMENT if
  // its topic has no legal name; FAILED_PRECONDITION if the topic has lost
  // partitions.
  absl::Status Update(const TableMapEvent& event);

  // The table of rows events with this id; nullptr if it isn't selected.
  // DATA_LOSS if no TABLE_MAP told of it.
  absl::StatusOr<std::shared_ptr<const PlannedTable>*> Find(uint64_t table_id);

  // Table ids mean nothing any more: a new file, or a restarted source.
  void ForgetIds();
  // The same, if there are many; only between groups.
  void ForgetIdsAtLimit();

 private:
  static constexpr size_t kMaxIds = 1 << 16;
  static constexpr size_t kMaxTables = 1 << 13;

  // The last version of a table.
  struct Version {
    std::string identity;
    std::shared_ptr<const PlannedTable> table;
  };

  absl::StatusOr<std::shared_ptr<const PlannedTable>> Plan(
      const TableMapEvent& event, const std::string& key,
      const SelectedTable& names);
  absl::StatusOr<TablePlanOptions> PlanOptions(const SelectedTable& names);

  const PipelineOptions* const options_;
  const TableSelector* const selector_;
  RecordSink* const sink_;
  std::map<std::string, int32_t> partition_counts_;
  absl::flat_hash_map<std::string, Version> versions_;  // By quoted name.
  // Null = not selected.
  absl::flat_hash_map<uint64_t, std::shared_ptr<const PlannedTable>> ids_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_TABLE_PLANNER_H_
