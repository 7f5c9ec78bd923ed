#include "worker/decode/table_directory.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace binferry::worker {

absl::StatusOr<const PrintedTable*> TableDirectory::Update(
    const TableMapEvent& event) {
  std::shared_ptr<const PrintedTable>& table = ids_[event.table_id];
  table.reset();
  const auto known = versions_.find(event.identity);
  if (known != versions_.end()) {
    table = known->second;
  } else {
    BINFERRY_ASSIGN_OR_RETURN(table, Build(event));
    versions_.emplace(event.identity, table);
  }
  return table.get();
}

absl::StatusOr<const PrintedTable*> TableDirectory::Find(
    uint64_t table_id) const {
  const auto found = ids_.find(table_id);
  if (found == ids_.end()) {
    return absl::DataLossError(
        absl::StrCat("rows of table id ", table_id,
                     ", which no TABLE_MAP event has described: start at the "
                     "beginning of a transaction"));
  }
  return found->second.get();
}

void TableDirectory::ForgetAtLimit() {
  if (ids_.size() > kMaxIds) ids_.clear();
  if (versions_.size() > kMaxVersions) versions_.clear();
}

absl::StatusOr<std::shared_ptr<const PrintedTable>> TableDirectory::Build(
    const TableMapEvent& event) const {
  auto table = std::make_shared<PrintedTable>();
  BINFERRY_ASSIGN_OR_RETURN(table->map,
                            BuildTableMap(event, MissingNames::kNumber));
  BINFERRY_ASSIGN_OR_RETURN(
      table->plan,
      BuildTablePlan(table->map.schema,
                     {.format = format_,
                      .mapped_database = std::string(event.database),
                      .mapped_table = std::string(event.table)}));
  return std::shared_ptr<const PrintedTable>(std::move(table));
}

}  // namespace binferry::worker
