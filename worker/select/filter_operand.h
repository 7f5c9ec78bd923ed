// A literal of a row filter, made ready for the column that it is compared
// with.
#ifndef BINFERRY_WORKER_SELECT_FILTER_OPERAND_H_
#define BINFERRY_WORKER_SELECT_FILTER_OPERAND_H_

#include <compare>
#include <cstdint>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "common/row_filter.h"
#include "worker/schema/row.h"
#include "worker/schema/table_schema.h"

namespace binferry::worker {

// How the values of a column are compared in filters.
enum class FilterFamily : uint8_t {
  kInteger,    // Integers, BIT, YEAR: exactly, whatever the literal's size.
  kDecimal,    // Exactly.
  kReal,       // FLOAT, DOUBLE: as DOUBLE.
  kDate,       // DATE, DATETIME: a DATE is midnight.
  kTimestamp,  // In UTC.
  kTime,
  kText,   // CHAR, VARCHAR, TEXT, ENUM, SET: the bytes of their UTF-8.
  kBytes,  // BINARY, VARBINARY.
  kNone,   // The others: IS NULL only.
};

FilterFamily FamilyOf(ColumnKind kind);

// What a literal is to a column of its family.
struct FilterOperand {
  bool is_null = false;
  // kInteger: the largest integer that isn't above the literal, within
  // +-10^30, and whether the literal is above it.
  absl::int128 floor = 0;
  bool has_fraction = false;
  double real = 0;    // kReal
  int64_t point = 0;  // kDate: as PackDate; kTimestamp, kTime: microseconds.
  // kDecimal: the number without needless zeros; kText, kBytes: the bytes.
  std::string text;
};

// INVALID_ARGUMENT, naming the column's type and what to write instead, for a
// literal that is none of its type.
absl::StatusOr<FilterOperand> MakeFilterOperand(const Column& column,
                                                const FilterLiteral& literal);

// How `value`, which is neither absent nor NULL, stands to `operand`, which
// isn't NULL. Not for kText and kBytes: theirs are the bytes'. NaN, which MySQL
// doesn't store, is unordered.
std::partial_ordering CompareWithOperand(FilterFamily family,
                                         const Value& value,
                                         const FilterOperand& operand);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SELECT_FILTER_OPERAND_H_
