// One record into librdkafka's queue.
#ifndef BINFERRY_WORKER_SINK_KAFKA_PRODUCE_H_
#define BINFERRY_WORKER_SINK_KAFKA_PRODUCE_H_

#include <librdkafka/rdkafka.h>

#include <cstdint>

#include "worker/schema/record.h"

namespace binferry::worker {

// Where the bytes of a record's value are.
enum class ValueBytes : uint8_t {
  kBorrowed,  // They stay where they are until the commit.
  kCopied,
  kNone,  // It has none: a tombstone.
};

// Queues `record`, with the headers `gtid`, `position`, `row` and `generation`
// if it has such. Its id is the message's opaque.
// RD_KAFKA_RESP_ERR__QUEUE_FULL: try again later; others as rd_kafka_produce.
rd_kafka_resp_err_t QueueRecord(rd_kafka_t* producer, rd_kafka_topic_t* topic,
                                ValueBytes bytes, const Record& record);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_KAFKA_PRODUCE_H_
