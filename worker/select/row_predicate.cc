#include "worker/select/row_predicate.h"

#include <algorithm>
#include <bit>
#include <compare>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/charset/utf8_text.h"

namespace binferry::worker {
namespace {

using Comparison = FilterNode::Comparison;

bool Holds(Comparison comparison, std::partial_ordering order) {
  switch (comparison) {
    case Comparison::kEqual:
      return order == 0;
    case Comparison::kNotEqual:
      return order != 0;
    case Comparison::kLess:
      return order < 0;
    case Comparison::kLessOrEqual:
      return order <= 0;
    case Comparison::kGreater:
      return order > 0;
    case Comparison::kGreaterOrEqual:
      return order >= 0;
  }
  return false;
}

bool IsUtf8(Charset charset) {
  return charset == Charset::kUtf8mb4 || charset == Charset::kUtf8mb3 ||
         charset == Charset::kAscii;
}

absl::Status About(absl::string_view column, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("row filter, column ", column,
                                                  ": ", status.message()));
}

bool HasLabels(ColumnKind kind) {
  return kind == ColumnKind::kEnum || kind == ColumnKind::kSet;
}

}  // namespace

absl::StatusOr<RowPredicate> RowPredicate::Create(const RowFilter& filter,
                                                  const TableSchema& schema,
                                                  InvalidText invalid_text) {
  RowPredicate predicate;
  predicate.invalid_text_ = invalid_text;
  for (const std::string& name : filter.columns) {
    BINFERRY_RETURN_IF_ERROR(predicate.AddColumn(name, schema));
  }
  for (const FilterNode& node : filter.nodes) {
    BINFERRY_RETURN_IF_ERROR(predicate.AddNode(node, schema));
  }
  return predicate;
}

absl::Status RowPredicate::AddColumn(const std::string& name,
                                     const TableSchema& schema) {
  const auto found = std::find_if(
      schema.columns.begin(), schema.columns.end(),
      [&name](const Column& c) { return c.name == name && !c.is_hidden; });
  if (found == schema.columns.end()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the row filter names the column ", name,
        ", which the table does not have; names count with their letter case; "
        "change the table's row_filter"));
  }
  FilteredColumn column{
      .index = static_cast<uint16_t>(found - schema.columns.begin()),
      .name = name,
      .family = FamilyOf(found->kind),
      .is_utf8 = IsUtf8(found->charset),
      .charset = found->charset,
      .labels = {}};
  // As BuildTablePlan has them: binary labels are UTF-8.
  const Charset label_charset =
      found->charset == Charset::kBinary ? Charset::kUtf8mb4 : found->charset;
  for (const std::string& label : found->labels) {
    // One that is invalid equals no literal, whichever policy there is.
    static_cast<void>(AppendUtf8(label_charset, label, InvalidText::kReplace,
                                 &column.labels.emplace_back()));
  }
  column_indexes_.push_back(column.index);
  columns_.push_back(std::move(column));
  return absl::OkStatus();
}

absl::Status RowPredicate::AddNode(const FilterNode& from,
                                   const TableSchema& schema) {
  Node node{.kind = from.kind,
            .comparison = from.comparison,
            .operands = from.operands,
            .column = from.column,
            .literals = {},
            .like = {}};
  const bool has_column = from.operands.empty();
  if (has_column && from.kind != FilterNode::Kind::kIsNull) {
    const FilteredColumn& to = columns_[from.column];
    const Column& column = schema.columns[to.index];
    if (HasLabels(column.kind) && column.labels.empty()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the row filter compares the column ", to.name,
          ", whose labels are not in the binlog; SET PERSIST "
          "binlog_row_metadata=FULL on the source, or change the filter"));
    }
    const bool is_text =
        to.family == FilterFamily::kText || to.family == FilterFamily::kBytes;
    if (from.kind == FilterNode::Kind::kLike && !is_text) {
      return About(to.name, absl::InvalidArgumentError(
                                "LIKE compares texts only, and it is none; "
                                "compare it with <, =, > or IN"));
    }
    for (const FilterLiteral& literal : from.literals) {
      absl::StatusOr<FilterOperand> operand =
          MakeFilterOperand(column, literal);
      if (!operand.ok()) return About(to.name, operand.status());
      node.literals.push_back(*std::move(operand));
    }
    if (from.kind == FilterNode::Kind::kLike && !node.literals[0].is_null) {
      node.like.emplace_back(node.literals[0].text, from.escape,
                             to.family == FilterFamily::kBytes
                                 ? LikePattern::Unit::kByte
                                 : LikePattern::Unit::kCharacter);
    }
  }
  nodes_.push_back(std::move(node));
  return absl::OkStatus();
}

absl::StatusOr<bool> RowPredicate::Passes(absl::Span<const Value> image,
                                          absl::Span<const Value> fallback,
                                          std::string* scratch) const {
  Row row{.image = image, .fallback = fallback, .scratch = scratch};
  for (const FilteredColumn& column : columns_) {
    if (row[column.index].kind != Value::Kind::kAbsent) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "a row image lacks the column ", column.name,
        " of the row filter, so it can't be told whether the row passes; SET "
        "PERSIST binlog_row_image=FULL on the source, and remove the filter "
        "or create the task anew behind this change"));
  }
  const Truth truth = Evaluate(static_cast<uint32_t>(nodes_.size() - 1), &row);
  if (row.invalid != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "row filter, column ", row.invalid->name,
        ": a value is not valid in the column's character set ",
        CharsetName(row.invalid->charset),
        "; set `invalid_text_policy: REPLACE` in the task to compare with "
        "U+FFFD in the place of such bytes, or change the filter"));
  }
  return truth == Truth::kTrue;
}

RowPredicate::Truth RowPredicate::Evaluate(uint32_t index, Row* row) const {
  const Node& node = nodes_[index];
  switch (node.kind) {
    case FilterNode::Kind::kAnd: {
      Truth all = Truth::kTrue;
      for (const uint32_t operand : node.operands) {
        all = std::min(all, Evaluate(operand, row));
        if (all == Truth::kFalse) break;
      }
      return all;
    }
    case FilterNode::Kind::kOr: {
      Truth any = Truth::kFalse;
      for (const uint32_t operand : node.operands) {
        any = std::max(any, Evaluate(operand, row));
        if (any == Truth::kTrue) break;
      }
      return any;
    }
    case FilterNode::Kind::kNot:
      switch (Evaluate(node.operands[0], row)) {
        case Truth::kFalse:
          return Truth::kTrue;
        case Truth::kUnknown:
          return Truth::kUnknown;
        case Truth::kTrue:
          return Truth::kFalse;
      }
      return Truth::kUnknown;
    case FilterNode::Kind::kIsNull:
      return (*row)[columns_[node.column].index].kind == Value::Kind::kNull
                 ? Truth::kTrue
                 : Truth::kFalse;
    case FilterNode::Kind::kCompare:
    case FilterNode::Kind::kIn:
    case FilterNode::Kind::kLike:
      return EvaluateValue(node, row);
  }
  return Truth::kUnknown;
}

RowPredicate::Truth RowPredicate::EvaluateValue(const Node& node,
                                                Row* row) const {
  const FilteredColumn& column = columns_[node.column];
  const Value& value = (*row)[column.index];
  if (value.kind == Value::Kind::kNull) return Truth::kUnknown;
  const bool is_text = column.family == FilterFamily::kText ||
                       column.family == FilterFamily::kBytes;
  absl::string_view text;
  if (is_text) text = TextOf(column, value, row);
  if (node.kind == FilterNode::Kind::kLike) {
    if (node.like.empty()) return Truth::kUnknown;
    return node.like[0].Matches(text) ? Truth::kTrue : Truth::kFalse;
  }
  const Comparison comparison =
      node.kind == FilterNode::Kind::kIn ? Comparison::kEqual : node.comparison;
  Truth any = Truth::kFalse;
  for (const FilterOperand& literal : node.literals) {
    if (literal.is_null) {
      any = Truth::kUnknown;
      continue;
    }
    const std::partial_ordering order =
        is_text ? text.compare(literal.text) <=> 0
                : CompareWithOperand(column.family, value, literal);
    if (Holds(comparison, order)) return Truth::kTrue;
  }
  return any;
}

absl::string_view RowPredicate::TextOf(const FilteredColumn& column,
                                       const Value& value, Row* row) const {
  switch (value.kind) {
    case Value::Kind::kEnum:
      return value.natural == 0 || value.natural > column.labels.size()
                 ? absl::string_view()
                 : column.labels[value.natural - 1];
    case Value::Kind::kSet: {
      row->scratch->clear();
      for (uint64_t rest = value.natural; rest != 0; rest &= rest - 1) {
        const auto index = static_cast<size_t>(std::countr_zero(rest));
        if (index >= column.labels.size()) break;
        if (rest != value.natural) row->scratch->push_back(',');
        row->scratch->append(column.labels[index]);
      }
      return *row->scratch;
    }
    case Value::Kind::kText:
      if (column.is_utf8) return value.bytes;
      row->scratch->clear();
      if (!AppendUtf8(column.charset, value.bytes, invalid_text_,
                      row->scratch)) {
        row->invalid = &column;
      }
      return *row->scratch;
    case Value::Kind::kAbsent:
    case Value::Kind::kNull:
    case Value::Kind::kSigned:
    case Value::Kind::kUnsigned:
    case Value::Kind::kFloat:
    case Value::Kind::kDouble:
    case Value::Kind::kDecimal:
    case Value::Kind::kDate:
    case Value::Kind::kTime:
    case Value::Kind::kDatetime:
    case Value::Kind::kTimestamp:
    case Value::Kind::kBytes:
    case Value::Kind::kYear:
    case Value::Kind::kVector:
      break;
  }
  return value.bytes;
}

}  // namespace binferry::worker
