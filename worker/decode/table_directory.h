// The tables of a stream, for those who print its rows.
#ifndef BINFERRY_WORKER_DECODE_TABLE_DIRECTORY_H_
#define BINFERRY_WORKER_DECODE_TABLE_DIRECTORY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "worker/binlog/events.h"
#include "worker/binlog/table_map.h"
#include "worker/encode/table_plan.h"

namespace binferry::worker {

// A table version: how to read its rows and how to write their values.
// Immutable.
struct PrintedTable {
  TableMap map;
  TablePlan plan;
};

// Knows which table the rows events to come belong to. Thread-compatible.
class TableDirectory {
 public:
  explicit TableDirectory(RecordFormat format) : format_(format) {}

  // Takes a TABLE_MAP and gives its table, which stays until the next
  // ForgetIds. Without names in the metadata columns are `@1`, `@2` and so on.
  // Statuses as BuildTableMap and BuildTablePlan; Find then gives null.
  absl::StatusOr<const PrintedTable*> Update(const TableMapEvent& event);

  // DATA_LOSS if no TABLE_MAP told of it.
  absl::StatusOr<const PrintedTable*> Find(uint64_t table_id) const;

  // Table ids mean nothing any more: a new file, or a restarted source.
  void ForgetIds() { ids_.clear(); }
  // The same, and for the tables themselves, if there are many; only between
  // transactions.
  void ForgetAtLimit();

 private:
  static constexpr size_t kMaxIds = 1 << 16;
  static constexpr size_t kMaxVersions = 1 << 13;

  absl::StatusOr<std::shared_ptr<const PrintedTable>> Build(
      const TableMapEvent& event) const;

  const RecordFormat format_;
  // By TableMapEvent::identity.
  absl::flat_hash_map<std::string, std::shared_ptr<const PrintedTable>>
      versions_;
  absl::flat_hash_map<uint64_t, std::shared_ptr<const PrintedTable>> ids_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_DECODE_TABLE_DIRECTORY_H_
