// The values of SQL types in MySQL's JSON that JSON itself doesn't have.
#ifndef BINFERRY_WORKER_BINLOG_JSON_OPAQUE_H_
#define BINFERRY_WORKER_BINLOG_JSON_OPAQUE_H_

#include <string>

#include "absl/status/status.h"
#include "worker/binlog/json_value.h"

namespace binferry::worker {

// Appends `opaque` as SELECT prints it within a document:
//
//   DECIMAL                       a number, with all the digits of its scale
//   DATE                          "2024-01-02"
//   DATETIME, TIMESTAMP           "2024-01-02 03:04:05.000000", a TIMESTAMP in
//                                 the writer's zone, which nothing tells
//   TIME                          "-00:00:00.000001"
//   all others                    "base64:type15:AP8=", type15 being MySQL's
//                                 column type, with a "\n" after every 76
//                                 characters of base64 (MySQL 8.0.12 forgets to
//                                 escape it)
//
// DATA_LOSS for bytes that are none of their type.
absl::Status AppendJsonOpaque(const JsonOpaque& opaque, std::string* text);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_JSON_OPAQUE_H_
