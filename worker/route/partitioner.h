// Which partition of its topic a record goes to.
#ifndef BINFERRY_WORKER_ROUTE_PARTITIONER_H_
#define BINFERRY_WORKER_ROUTE_PARTITIONER_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace binferry::worker {

// What decides the partition of a task's records.
enum class PartitionPolicy : uint8_t {
  kTableHash,       // The mapped names: all records of a table are in order.
  kPartitionZero,   // All records of a topic are in order.
  kPrimaryKeyHash,  // The record key: all records of a key are in order. A
                    // table without a key goes by kTableHash.
  kColumnHash,      // The same, of a key that the table's rules choose.
};

// The 32 bit MurmurHash2 of Kafka's Java client, seed included
// (org.apache.kafka.common.utils.Utils.murmur2).
int32_t Murmur2(absl::string_view bytes);

// The partition that the Java client's default partitioner gives a record with
// the key `bytes`. `partition_count` is at least 1.
int32_t PartitionOf(absl::string_view bytes, int32_t partition_count);

// The partition of a table under kTableHash: that of "database.table". Pass
// mapped names.
int32_t PartitionOfTable(absl::string_view database, absl::string_view table,
                         int32_t partition_count);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_ROUTE_PARTITIONER_H_
