// TRANSACTION_PAYLOAD events for tests.
#ifndef BINFERRY_WORKER_BINLOG_TESTING_PAYLOAD_BUILDER_H_
#define BINFERRY_WORKER_BINLOG_TESTING_PAYLOAD_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace binferry::worker {

// `event` as it stands in a payload: without its checksum of `checksum_bytes`,
// and without a place.
std::string InnerEvent(absl::string_view event, size_t checksum_bytes = 4);

// A zstd frame of `bytes`. `window_log` 0: as the level wants it.
std::string ZstdFrame(absl::string_view bytes, int level = 3,
                      int window_log = 0);

// The body of a TRANSACTION_PAYLOAD that says these things of itself.
std::string PayloadBody(uint64_t algorithm, uint64_t uncompressed_size,
                        absl::string_view payload);

// The body of one that holds `events`, which are made inner events, compressed
// in one frame.
std::string PayloadOf(const std::vector<std::string>& events);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TESTING_PAYLOAD_BUILDER_H_
