// The column types as TABLE_MAP events number them.
#ifndef BINFERRY_WORKER_BINLOG_WIRE_TYPE_H_
#define BINFERRY_WORKER_BINLOG_WIRE_TYPE_H_

#include <cstdint>

namespace binferry::worker {

// enum_field_types in mysql-server (libs/mysql/binlog/event/
// field_types.h) and, from 140 on, MariaDB's own.
enum class WireType : uint8_t {
  kOldDecimal = 0,
  kTiny = 1,
  kShort = 2,
  kLong = 3,
  kFloat = 4,
  kDouble = 5,
  kOldTimestamp = 7,
  kLongLong = 8,
  kInt24 = 9,
  kDate = 10,
  kOldTime = 11,
  kOldDatetime = 12,
  kYear = 13,
  kNewDate = 14,
  kVarchar = 15,
  kBit = 16,
  kTimestamp = 17,
  kDatetime = 18,
  kTime = 19,
  kTypedArray = 20,
  kMariadbBlobCompressed = 140,
  kMariadbVarcharCompressed = 141,
  kVector = 242,
  kJson = 245,
  kDecimal = 246,
  kEnum = 247,
  kSet = 248,
  kTinyBlob = 249,
  kMediumBlob = 250,
  kLongBlob = 251,
  kBlob = 252,
  kVarString = 253,
  kString = 254,
  kGeometry = 255,
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_WIRE_TYPE_H_
