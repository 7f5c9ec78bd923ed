// Decoded values, between the binlog's bytes and a record's text.
#ifndef BINFERRY_WORKER_SCHEMA_ROW_H_
#define BINFERRY_WORKER_SCHEMA_ROW_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace binferry::worker {

// A point of a MySQL calendar or clock, unchecked: zero and partial dates such
// as 2020-00-00 occur.
struct TemporalFields {
  uint16_t year = 0;
  uint8_t month = 0;
  uint8_t day = 0;
  uint16_t hour = 0;  // TIME reaches 838.
  uint8_t minute = 0;
  uint8_t second = 0;
  bool is_negative = false;  // TIME only.
  uint32_t micros =
      0;  // 0 to 999,999; digits below the column's fraction digits are zero.
};

// One column of one row image. Views point into the row event or into the
// decoder's scratch memory and are valid until the decoder reads the next row.
struct Value {
  enum class Kind : uint8_t {
    kAbsent,  // The row image does not contain the column. Never the same as
              // NULL.
    kNull,
    kSigned,     // `integer`
    kUnsigned,   // `natural`; BIT too
    kFloat,      // `real32`
    kDouble,     // `real64`
    kDecimal,    // `bytes`: the text, exactly `scale` fraction digits
    kDate,       // `temporal`
    kTime,       // `temporal`
    kDatetime,   // `temporal`
    kTimestamp,  // `natural`: microseconds since 1970-01-01 UTC; below
                 // 1,000,000: the zero timestamp
    kText,       // `bytes`: in the column's character set. JSON: the text
                 // that SELECT prints
    kBytes,      // `bytes`: BINARY padded to the column's length; a geometry
                 // as MySQL stores it: SRID (4 bytes, little-endian), WKB
    kYear,       // `natural`: 0 or 1901 to 2155
    kEnum,       // `natural`: the label's index from 1 on; 0: the error value
    kSet,        // `natural`: a bit per label, the first one's lowest
    kVector,     // `bytes`: little-endian float32s
  };

  // Absent. Spelled out because the union's would be deleted.
  Value() {}

  Kind kind = Kind::kAbsent;
  union {
    int64_t integer = 0;
    uint64_t natural;
    float real32;
    double real64;
    TemporalFields temporal;
  };
  absl::string_view bytes;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SCHEMA_ROW_H_
