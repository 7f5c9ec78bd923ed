// Checking a task's source.
#ifndef BINFERRY_WORKER_PRECHECK_SOURCE_PRECHECK_H_
#define BINFERRY_WORKER_PRECHECK_SOURCE_PRECHECK_H_

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "absl/time/time.h"
#include "common/clock.h"
#include "worker/mysql/mysql_binlog_source.h"
#include "worker/mysql/start_position.h"
#include "worker/precheck/object_facts.h"
#include "worker/precheck/precheck_item.h"

namespace binferry::worker {

struct SourcePrecheck {
  // Its time-outs are upper bounds. Of the dump only the server id is used.
  MysqlSourceOptions source;
  // Nothing: the task has begun, and goes on at its checkpoint.
  std::optional<StartPosition> start;
  ObjectQuestion objects;
  int64_t max_record_bytes = 0;
  bool records_go_by_key = false;  // The partition policy goes by record keys.
  bool has_hash_salt = false;
  // For everything.
  absl::Duration time_left;
};

// The items `source_…` and `objects_…` of docs/precheck.md. Where the source
// can't be used there is source_connection alone. Never an error: what can't be
// found out is an item that FAILED.
std::vector<PrecheckItem> PrecheckSource(const SourcePrecheck& precheck,
                                         const Clock* clock,
                                         const std::stop_token& stop);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_SOURCE_PRECHECK_H_
