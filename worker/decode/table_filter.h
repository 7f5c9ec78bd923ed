// Which tables' changes are printed.
#ifndef BINFERRY_WORKER_DECODE_TABLE_FILTER_H_
#define BINFERRY_WORKER_DECODE_TABLE_FILTER_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {

// Names compare exactly, letter case included; an empty list stands for all.
// Unlike a task's selection it may name system schemas.
struct TableFilter {
  std::vector<std::string> databases;
  std::vector<std::string> tables;  // `table`, or `database.table`.

  bool Selects(absl::string_view database, absl::string_view table) const {
    const auto has = [](const std::vector<std::string>& names,
                        absl::string_view name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    return (databases.empty() || has(databases, database)) &&
           (tables.empty() || has(tables, table) ||
            has(tables, absl::StrCat(database, ".", table)));
  }
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_DECODE_TABLE_FILTER_H_
