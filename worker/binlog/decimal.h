// DECIMAL values as binlogs store them.
#ifndef BINFERRY_WORKER_BINLOG_DECIMAL_H_
#define BINFERRY_WORKER_BINLOG_DECIMAL_H_

#include <cstddef>
#include <cstdint>

namespace binferry::worker {

// A sign, 65 digits, a leading zero and a point.
inline constexpr size_t kMaxDecimalBytes = 68;

// How many bytes a value of DECIMAL(precision, scale) takes.
size_t DecimalBytes(uint8_t precision, uint8_t scale);

// Writes the DecimalBytes() bytes at `p` as text at `out`, which has room for
// kMaxDecimalBytes, and returns its end; nullptr for bytes that are no decimal.
// Exactly `scale` digits behind the point; at least one before it.
//
// Layout (strings/decimal.cc in mysql-server): groups of nine digits, four
// bytes each, big-endian; the digits left over come first in the integer part
// and last in the fraction and take as few bytes as they need. The first bit is
// inverted; of a negative number all bits are.
char* WriteDecimal(const uint8_t* p, uint8_t precision, uint8_t scale,
                   char* out);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_DECIMAL_H_
