// What a consumer of a topic sees.
#ifndef BINFERRY_WORKER_SINK_TESTING_KAFKA_TOPIC_READER_H_
#define BINFERRY_WORKER_SINK_TESTING_KAFKA_TOPIC_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace binferry::worker {

struct ConsumedRecord {
  int64_t offset = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
};

// All records of the partition up to its present end, as a consumer with
// isolation.level=read_committed gets them. Fails after 20 s.
absl::StatusOr<std::vector<ConsumedRecord>> ReadCommitted(
    const std::string& bootstrap_servers, const std::string& topic,
    int32_t partition);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_TESTING_KAFKA_TOPIC_READER_H_
