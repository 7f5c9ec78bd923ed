// Doubles as MySQL prints them.
#ifndef BINFERRY_WORKER_BINLOG_JSON_DOUBLE_H_
#define BINFERRY_WORKER_BINLOG_JSON_DOUBLE_H_

#include <cstddef>

namespace binferry::worker {

// "-0.000000000000012345678901234567": a sign, a zero and a point, 14 zeros and
// 17 digits.
inline constexpr size_t kMaxJsonDoubleBytes = 34;

// Writes a finite number at `out`, which has room for kMaxJsonDoubleBytes, and
// returns its end: the shortest digits that read as the same number, in MySQL's
// form (my_gcvt() in strings/dtoa.cc of mysql-server, and json_dom.cc): without
// an exponent from 1e-15 up to below 1e15, and further up as long as there are
// fraction digits; else "1.5e16", "5e-324". Whole numbers without an exponent
// end in ".0".
char* WriteJsonDouble(double number, char* out);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_JSON_DOUBLE_H_
