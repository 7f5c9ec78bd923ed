#include "worker/agent/task_progress.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace binferry::worker {
namespace {

uint64_t RecordsOf(const v1::TableCounters& table) {
  return table.inserts() + table.updates() + table.deletes();
}

// The sums of both, the largest ones. A table that was not among the largest of
// an attempt misses what it had then.
std::vector<v1::TableCounters> Together(
    const std::vector<v1::TableCounters>& before,
    const std::vector<v1::TableCounters>& now) {
  std::map<std::pair<std::string, std::string>, v1::TableCounters> sums;
  for (const std::vector<v1::TableCounters>* part : {&before, &now}) {
    for (const v1::TableCounters& table : *part) {
      v1::TableCounters& sum = sums[{table.database(), table.table()}];
      sum.set_database(table.database());
      sum.set_table(table.table());
      sum.set_inserts(sum.inserts() + table.inserts());
      sum.set_updates(sum.updates() + table.updates());
      sum.set_deletes(sum.deletes() + table.deletes());
      sum.set_record_bytes(sum.record_bytes() + table.record_bytes());
    }
  }
  std::vector<v1::TableCounters> all;
  for (auto& [name, sum] : sums) all.push_back(std::move(sum));
  std::stable_sort(all.begin(), all.end(),
                   [](const v1::TableCounters& a, const v1::TableCounters& b) {
                     return RecordsOf(a) > RecordsOf(b);
                   });
  if (all.size() > kMaxTopTables) all.resize(kMaxTopTables);
  return all;
}

}  // namespace

TaskProgress Together(const TaskProgress& before, TaskProgress now) {
  now.start_position_committed |= before.start_position_committed;
  now.is_finished |= before.is_finished;
  v1::Counters counters = now.counters;
  if (!now.position.has_value()) {
    now.position = before.position;
    counters = before.counters;
  }
  if (!now.source_position.has_value()) {
    now.source_position = before.source_position;
  }
  // These are the attempt's own, the others the task's totals.
  const v1::Counters& earlier = before.counters;
  counters.set_transactions(earlier.transactions() +
                            now.counters.transactions());
  counters.set_binlog_bytes(earlier.binlog_bytes() +
                            now.counters.binlog_bytes());
  counters.set_record_bytes(earlier.record_bytes() +
                            now.counters.record_bytes());
  counters.set_ddl_omitted(earlier.ddl_omitted() + now.counters.ddl_omitted());
  now.counters = counters;
  now.top_tables = Together(before.top_tables, now.top_tables);
  return now;
}

bool Advanced(const TaskProgress& before, const TaskProgress& after) {
  if (!after.position.has_value()) return false;
  if (!before.position.has_value()) return after.counters.transactions() > 0;
  return before.position->SerializeAsString() !=
         after.position->SerializeAsString();
}

}  // namespace binferry::worker
