#include "worker/task/progress_proto.h"

#include <google/protobuf/util/time_util.h>

#include "common/clean_text.h"

namespace binferry::worker {
namespace {

v1::Position ToProto(const Checkpoint& checkpoint) {
  v1::Position position;
  position.mutable_coordinates()->set_file(CleanText(checkpoint.file));
  position.mutable_coordinates()->set_position(checkpoint.position);
  position.set_gtid_set(checkpoint.gtid_set);
  position.set_rows_done(checkpoint.rows_done);
  position.set_last_record_id(checkpoint.last_id);
  if (checkpoint.source_time_ms != 0) {
    *position.mutable_source_time() =
        google::protobuf::util::TimeUtil::MillisecondsToTimestamp(
            checkpoint.source_time_ms);
  }
  return position;
}

// "" where the source gives nothing more.
const char* ReasonName(BackPressure reason) {
  switch (reason) {
    case BackPressure::kNone:
      return "";
    case BackPressure::kDestination:
      return "DESTINATION";
    case BackPressure::kEncoders:
      return "ENCODERS";
    case BackPressure::kRateLimit:
      return "RATE_LIMIT";
    case BackPressure::kSource:
      return "SOURCE";
  }
  return "";
}

void FillCounters(const PipelineStatistics& statistics,
                  v1::Counters* counters) {
  if (statistics.checkpoint.has_value()) {
    const Checkpoint& checkpoint = *statistics.checkpoint;
    counters->set_inserts(checkpoint.inserts);
    counters->set_updates(checkpoint.updates);
    counters->set_deletes(checkpoint.deletes);
    counters->set_records(checkpoint.records);
    counters->set_replaced_texts(checkpoint.replaced_texts);
    counters->set_alerts(checkpoint.alerts);
  }
  counters->set_transactions(statistics.transactions);
  counters->set_binlog_bytes(statistics.bytes_read);
  counters->set_record_bytes(statistics.bytes_committed);
  counters->set_ddl_omitted(statistics.ddl_omitted);
}

v1::TableCounters ToProto(const TableStatistics& table) {
  v1::TableCounters counters;
  counters.set_database(CleanText(table.database));
  counters.set_table(CleanText(table.table));
  counters.set_inserts(table.inserts);
  counters.set_updates(table.updates);
  counters.set_deletes(table.deletes);
  counters.set_record_bytes(table.value_bytes);
  return counters;
}

}  // namespace

TaskProgress ToProgress(const PipelineStatistics& statistics) {
  TaskProgress progress;
  if (statistics.checkpoint.has_value()) {
    progress.start_position_committed = true;
    progress.position = ToProto(*statistics.checkpoint);
  }
  if (statistics.read_place.has_value()) {
    v1::BinlogCoordinates* place =
        progress.source_position.emplace().mutable_coordinates();
    place->set_file(CleanText(statistics.read_place->file));
    place->set_position(statistics.read_place->position);
  }
  if (statistics.lag.has_value()) {
    progress.lag_ms = absl::ToInt64Milliseconds(*statistics.lag);
  }
  FillCounters(statistics, &progress.counters);
  for (const TableStatistics& table : statistics.top_tables) {
    progress.top_tables.push_back(ToProto(table));
  }
  if (statistics.phase == PipelineStatistics::Phase::kStreaming) {
    v1::PipelineLoad& load = progress.load.emplace();
    load.set_memory_bytes(statistics.queued_bytes);
    load.set_memory_limit_bytes(statistics.limit_bytes);
    load.set_queued_records(statistics.queued_records);
    load.set_back_pressure_reason(ReasonName(statistics.back_pressure));
  }
  return progress;
}

}  // namespace binferry::worker
