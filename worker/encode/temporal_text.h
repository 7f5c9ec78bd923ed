// Dates and times as MySQL prints them.
#ifndef BINFERRY_WORKER_ENCODE_TEMPORAL_TEXT_H_
#define BINFERRY_WORKER_ENCODE_TEMPORAL_TEXT_H_

#include <cstddef>
#include <cstdint>

#include "worker/schema/row.h"

namespace binferry::worker {

// Room for any of the texts below.
inline constexpr size_t kMaxTemporalBytes = 48;

// Each writes at `out` and returns the end. `fraction_digits` is 0 to 6; with 0
// there is no point either.

// `YYYY-MM-DD`; zero and partial dates as they are.
char* WriteDate(const TemporalFields& fields, char* out);

// `[-]HH:MM:SS[.f]`, three hour digits where needed.
char* WriteTime(const TemporalFields& fields, int fraction_digits, char* out);

// `YYYY-MM-DD HH:MM:SS[.f]`.
char* WriteDatetime(const TemporalFields& fields, int fraction_digits,
                    char* out);

// TIMESTAMP as a Value has it, microseconds since 1970-01-01 UTC, below
// 1,000,000 the zero timestamp, in the two ways of the record formats.
//
// Seconds with the fraction digits: `1624614713.201`; `0` for the zero
// timestamp.
char* WriteEpochSeconds(uint64_t micros, int fraction_digits, char* out);
// In UTC, as a DATETIME with as many fraction digits; for the zero timestamp
// `0000-00-00 00:00:00[.000]`.
char* WriteUtcDatetime(uint64_t micros, int fraction_digits, char* out);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_ENCODE_TEMPORAL_TEXT_H_
