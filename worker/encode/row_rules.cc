#include "worker/encode/row_rules.h"

#include <cstddef>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/row_filter.h"
#include "common/status_macros.h"
#include "worker/encode/arena.h"
#include "worker/encode/json_writer.h"

namespace binferry::worker {
namespace {

using Kind = ValueTransformation::Kind;

// What a rule says, as BuildRowRules needs it.
struct Conversion {
  absl::StatusOr<ValueTransformation> operator()(std::monostate) const {
    return ValueTransformation();
  }
  absl::StatusOr<ValueTransformation> operator()(const DropColumn&) const {
    return ValueTransformation{.kind = Kind::kDrop, .constant = ""};
  }
  absl::StatusOr<ValueTransformation> operator()(const MaskText& mask) const {
    return ValueTransformation{.kind = Kind::kMask,
                               .show_first = mask.show_first,
                               .show_last = mask.show_last,
                               .constant = ""};
  }
  absl::StatusOr<ValueTransformation> operator()(const HashText&) const {
    return ValueTransformation{.kind = Kind::kHash, .constant = ""};
  }
  absl::StatusOr<ValueTransformation> operator()(
      const TruncateText& truncate) const {
    return ValueTransformation{.kind = Kind::kTruncate,
                               .max_characters = truncate.max_characters,
                               .constant = ""};
  }
  absl::StatusOr<ValueTransformation> operator()(
      const ConstantText& constant) const {
    ValueTransformation to{.kind = Kind::kConstant, .constant = ""};
    BINFERRY_ASSIGN_OR_RETURN(to.constant, QuotedJson(constant.text));
    return to;
  }
};

absl::StatusOr<std::vector<ValueTransformation>> TransformationsOf(
    const TableRules& rules, const TableSchema& schema) {
  absl::flat_hash_map<absl::string_view, const ColumnRule*> by_column;
  for (const ColumnRule& rule : rules.columns) {
    if (!std::holds_alternative<std::monostate>(rule.transformation)) {
      by_column.emplace(rule.column, &rule);
    }
  }
  const absl::flat_hash_set<absl::string_view> included(
      rules.included_columns.begin(), rules.included_columns.end());
  std::vector<ValueTransformation> transformations(schema.columns.size());
  bool is_needed = false;
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    const std::string& name = schema.columns[i].name;
    if (!included.empty() && !included.contains(name)) {
      transformations[i].kind = Kind::kDrop;
    } else if (const auto rule = by_column.find(name);
               rule != by_column.end()) {
      BINFERRY_ASSIGN_OR_RETURN(
          transformations[i],
          std::visit(Conversion(), rule->second->transformation));
    }
    is_needed = is_needed || transformations[i].kind != Kind::kNone;
  }
  if (!is_needed) transformations.clear();
  return transformations;
}

absl::StatusOr<AdditionalStep> StepOf(const AdditionalColumn& column,
                                      const RowRulesOptions& options) {
  AdditionalStep step{.name = "",
                      .content = column.content,
                      .type = column.type,
                      .constant = ""};
  BINFERRY_ASSIGN_OR_RETURN(const std::string name, QuotedJson(column.name));
  step.name = absl::StrCat(",", name, ":");
  const std::string table =
      absl::StrCat(options.mapped_database, "@", options.mapped_table);
  switch (column.content) {
    case AdditionalColumn::Content::kConstant: {
      BINFERRY_ASSIGN_OR_RETURN(step.constant, QuotedJson(column.text));
      break;
    }
    case AdditionalColumn::Content::kDatabaseTable: {
      BINFERRY_ASSIGN_OR_RETURN(step.constant, QuotedJson(table));
      break;
    }
    case AdditionalColumn::Content::kServerDatabaseTable: {
      BINFERRY_ASSIGN_OR_RETURN(
          step.constant, QuotedJson(absl::StrCat(column.text, "@", table)));
      break;
    }
    case AdditionalColumn::Content::kCreateTime:
    case AdditionalColumn::Content::kUpdateTime:
    case AdditionalColumn::Content::kSynchronizationTime:
      break;
  }
  return step;
}

}  // namespace

absl::StatusOr<std::string> QuotedJson(absl::string_view text) {
  Arena arena;
  JsonWriter writer(&arena);
  writer.Start();
  if (!writer.String(Charset::kUtf8mb4, text)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the name \"", absl::CHexEscape(text),
                     "\" is no valid UTF-8; rename the object"));
  }
  return std::string(writer.Finish());
}

absl::StatusOr<std::shared_ptr<const RowRules>> BuildRowRules(
    const TableRules& rules, const TableSchema& schema,
    const RowRulesOptions& options) {
  RowRules built;
  built.operations = rules.operations;
  if (!rules.row_filter.empty()) {
    BINFERRY_ASSIGN_OR_RETURN(const RowFilter filter,
                              ParseRowFilter(rules.row_filter));
    BINFERRY_ASSIGN_OR_RETURN(
        built.filter,
        RowPredicate::Create(filter, schema, options.invalid_text));
  }
  BINFERRY_ASSIGN_OR_RETURN(built.columns, TransformationsOf(rules, schema));
  for (size_t i = 0; i < built.columns.size(); ++i) {
    if (built.columns[i].kind != Kind::kHash || built.hash.has_value()) {
      continue;
    }
    if (options.hash_salt.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the column ", schema.columns[i].name,
                       " is to be hashed, but the task has no hash_salt; set "
                       "it"));
    }
    BINFERRY_ASSIGN_OR_RETURN(built.hash,
                              SaltedHash::Create(options.hash_salt));
  }
  for (const AdditionalColumn& column : rules.additional_columns) {
    BINFERRY_ASSIGN_OR_RETURN(AdditionalStep step, StepOf(column, options));
    built.additional.push_back(std::move(step));
  }
  if (built.operations == CarriedOperations() && !built.filter.has_value() &&
      !built.changes_rows()) {
    return std::shared_ptr<const RowRules>();
  }
  return std::make_shared<const RowRules>(std::move(built));
}

}  // namespace binferry::worker
