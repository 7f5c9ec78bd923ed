// Values as binlogs store them: the inverse of the row decoder, for tests.
#ifndef BINFERRY_WORKER_BINLOG_TESTING_VALUE_BYTES_H_
#define BINFERRY_WORKER_BINLOG_TESTING_VALUE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "worker/schema/row.h"
#include "worker/schema/table_schema.h"

namespace binferry::worker {

std::string LittleEndian(uint64_t value, size_t bytes);
std::string BigEndian(uint64_t value, size_t bytes);
// A length-encoded integer, and bytes with their length in front.
std::string PackedInteger(uint64_t value);
std::string PackedBytes(absl::string_view bytes);
// An integer of mysql::serialization; the signed form too.
std::string VarlenInteger(uint64_t value);
std::string SignedVarlenInteger(int64_t value);

// `value`, neither absent nor NULL, of a column like `column`. A DECIMAL's text
// may lack leading zeros but no fraction digits.
std::string ValueBytes(const Column& column, const Value& value);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TESTING_VALUE_BYTES_H_
