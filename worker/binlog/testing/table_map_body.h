// The body of a TABLE_MAP event with FULL metadata, for tests.
#ifndef BINFERRY_WORKER_BINLOG_TESTING_TABLE_MAP_BODY_H_
#define BINFERRY_WORKER_BINLOG_TESTING_TABLE_MAP_BODY_H_

#include <cstdint>
#include <string>

#include "worker/schema/table_schema.h"

namespace binferry::worker {

// Character sets get their default collation of MySQL 8.0 and later.
std::string TableMapBody(uint64_t table_id, const TableSchema& schema);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TESTING_TABLE_MAP_BODY_H_
