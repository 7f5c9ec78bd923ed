// Floating point numbers as Java prints them.
#ifndef BINFERRY_WORKER_ENCODE_JAVA_NUMBER_H_
#define BINFERRY_WORKER_ENCODE_JAVA_NUMBER_H_

#include <cstddef>

namespace binferry::worker {

// Room for any of the texts below.
inline constexpr size_t kMaxJavaNumberBytes = 32;

// Write `value` at `out` and return the end: the shortest digits that read back
// as the same float or double, laid out as by Java's Float.toString and
// Double.toString: plain with at least one fraction digit for
// 1e-3 <= |v| < 1e7 ("10357.0", "0.001"), else "d.dddEn" without a plus sign
// ("1.2510357E7", "4.9E-5"); "0.0", "-0.0". MySQL stores no others, but
// damaged bytes may: "NaN", "Infinity", "-Infinity".
//
// Java itself takes a nearer text of two digits over a shortest one of one
// digit (4.9E-324), which is here the shortest (5.0E-324).
char* WriteJavaFloat(float value, char* out);
char* WriteJavaDouble(double value, char* out);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_ENCODE_JAVA_NUMBER_H_
