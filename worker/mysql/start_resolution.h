// Asking a source where a task starts to read.
#ifndef BINFERRY_WORKER_MYSQL_START_RESOLUTION_H_
#define BINFERRY_WORKER_MYSQL_START_RESOLUTION_H_

#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "worker/mysql/mysql_binlog_source.h"
#include "worker/mysql/start_position.h"
#include "worker/schema/checkpoint.h"

namespace binferry::worker {

// Connects and resolves `start` as ResolveStartPosition does, a time by
// FindFirstSince over dumps of a replica UUID of their own: a dump of the task
// that still runs goes on. FAILED_PRECONDITION for a time on a server before
// 5.7, whose binlog doesn't tell where every transaction starts. CANCELLED soon
// after `stop`, but a connect is not broken off.
absl::StatusOr<Checkpoint> ResolveStart(const StartPosition& start,
                                        const MysqlSourceOptions& source,
                                        const std::stop_token& stop);

// Whether ResolveStart would succeed now, in a sentence for people. Of a time
// only the file is found: cheap. Errors as ResolveStart.
absl::StatusOr<std::string> DescribeStart(const StartPosition& start,
                                          const MysqlSourceOptions& source,
                                          const std::stop_token& stop);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_START_RESOLUTION_H_
