// The bodies of TABLE_MAP events, for tests.
#ifndef BINFERRY_WORKER_BINLOG_TESTING_TABLE_MAP_BODY_H_
#define BINFERRY_WORKER_BINLOG_TESTING_TABLE_MAP_BODY_H_

#include <cstdint>
#include <string>

#include "worker/schema/table_schema.h"

namespace binferry::worker {

// binlog_row_metadata.
enum class RowMetadata : uint8_t { kMinimal, kFull };

// Character sets get some collation of theirs. Every column is visible; with
// hidden ones the source is too old to say so.
std::string TableMapBody(uint64_t table_id, const TableSchema& schema,
                         RowMetadata metadata_option = RowMetadata::kFull);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TESTING_TABLE_MAP_BODY_H_
