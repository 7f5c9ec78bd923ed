// A task's rules for a table, made ready for one version of it.
#ifndef BINFERRY_WORKER_ENCODE_ROW_RULES_H_
#define BINFERRY_WORKER_ENCODE_ROW_RULES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/charset/charset.h"
#include "worker/encode/salted_hash.h"
#include "worker/encode/value_transformation.h"
#include "worker/schema/table_schema.h"
#include "worker/select/row_predicate.h"
#include "worker/select/table_rules.h"

namespace binferry::worker {

// A column that the table doesn't have.
struct AdditionalStep {
  std::string name;  // `,"name":`, escaped.
  AdditionalColumn::Content content = AdditionalColumn::Content::kConstant;
  AdditionalColumn::Type type = AdditionalColumn::Type::kVarchar;
  std::string constant;  // A JSON string; for contents that are no time.
};

// Immutable; tables without rules have none, and cost nothing.
struct RowRules {
  CarriedOperations operations;
  std::optional<RowPredicate> filter;
  // As in the schema; empty where no column is changed.
  std::vector<ValueTransformation> columns;
  std::vector<AdditionalStep> additional;
  std::optional<SaltedHash> hash;

  bool drops(size_t column) const {
    return !columns.empty() &&
           columns[column].kind == ValueTransformation::Kind::kDrop;
  }
  bool changes_rows() const { return !columns.empty() || !additional.empty(); }
};

// What BuildRowRules needs beside the rules and the schema.
struct RowRulesOptions {
  absl::string_view mapped_database;
  absl::string_view mapped_table;
  absl::string_view hash_salt;
  InvalidText invalid_text = InvalidText::kStop;
};

// Null for rules that leave rows as they are. Statuses name the column and the
// remedy: as RowPredicate::Create, and FAILED_PRECONDITION for a hash without a
// salt.
absl::StatusOr<std::shared_ptr<const RowRules>> BuildRowRules(
    const TableRules& rules, const TableSchema& schema,
    const RowRulesOptions& options);

// `text` as a JSON string. INVALID_ARGUMENT, naming it, if it is no UTF-8.
absl::StatusOr<std::string> QuotedJson(absl::string_view text);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_ENCODE_ROW_RULES_H_
