// Dates and times as binlogs store them since MySQL 5.6 (my_time.cc in
// mysql-server), and as columns made before and never rebuilt still do.
// `fraction_digits` is 0 to 6, and takes (digits + 1) / 2 bytes.
#ifndef BINFERRY_WORKER_BINLOG_TEMPORAL_H_
#define BINFERRY_WORKER_BINLOG_TEMPORAL_H_

#include <cstdint>

#include "worker/schema/row.h"

namespace binferry::worker {

inline constexpr uint8_t kDateBytes = 3;
inline constexpr uint8_t kTimeBytes = 3;       // And the fraction's.
inline constexpr uint8_t kDatetimeBytes = 5;   // And the fraction's.
inline constexpr uint8_t kTimestampBytes = 4;  // And the fraction's.

inline constexpr uint8_t kOldTimeBytes = 3;
inline constexpr uint8_t kOldDatetimeBytes = 8;
inline constexpr uint8_t kOldTimestampBytes = 4;

constexpr uint8_t FractionBytes(uint8_t fraction_digits) {
  return static_cast<uint8_t>((fraction_digits + 1) / 2);
}

// Each reads exactly its bytes at `p`. Nothing can fail: any bits are some
// value, be it one that MySQL would not store.
TemporalFields ReadDate(const uint8_t* p);
TemporalFields ReadTime(const uint8_t* p, uint8_t fraction_digits);
TemporalFields ReadDatetime(const uint8_t* p, uint8_t fraction_digits);
// Microseconds since 1970-01-01 UTC; below 1,000,000: the zero timestamp.
uint64_t ReadTimestamp(const uint8_t* p, uint8_t fraction_digits);

// The old formats: little-endian decimal numbers, HHMMSS with a sign and
// YYYYMMDDhhmmss, and seconds since 1970. A DATETIME of more than 14 digits is
// no value: false.
TemporalFields ReadOldTime(const uint8_t* p);
[[nodiscard]] bool ReadOldDatetime(const uint8_t* p, TemporalFields* fields);
uint64_t ReadOldTimestamp(const uint8_t* p);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TEMPORAL_H_
