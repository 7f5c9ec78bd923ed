// One encoded Kafka record, between encoders and sinks.
#ifndef BINFERRY_WORKER_SCHEMA_RECORD_H_
#define BINFERRY_WORKER_SCHEMA_RECORD_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace binferry::worker {

// A topic that a sink has opened: index into the sink's list of topics, see
// RecordSink::OpenTopic.
struct TopicHandle {
  int32_t index = -1;
};

// What headers tell of a record's place in the source.
struct RecordHeaders {
  // Of the transaction, as MySQL prints it; empty = it has none, and the header
  // is left out.
  absl::string_view gtid;
  absl::string_view position;    // `file:position` of the transaction's start.
  absl::string_view row;         // Decimal.
  absl::string_view generation;  // Decimal.
};

// Views point into an arena that its producer keeps until the sink has
// committed the record.
struct Record {
  TopicHandle topic;
  int32_t partition = 0;
  bool has_key = false;
  absl::string_view key;
  absl::string_view value;
  // False: a tombstone. It has a key, no value, and the id of the DELETE in
  // front of it.
  bool has_value = true;
  uint64_t id =
      0;  // The record id, for messages and checks; it stands in `value` too.
  // Null = none. Lives as long as the texts.
  const RecordHeaders* headers = nullptr;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SCHEMA_RECORD_H_
