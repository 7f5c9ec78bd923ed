// Lines on their way to a file descriptor.
#ifndef BINFERRY_WORKER_DECODE_LINE_WRITER_H_
#define BINFERRY_WORKER_DECODE_LINE_WRITER_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"

namespace binferry::worker {

// Statuses: CANCELLED if the reader of a pipe is gone, which is its good right;
// else what the system says, e.g. RESOURCE_EXHAUSTED for a full disk. Then the
// writer must not be used again. Thread-compatible.
class LineWriter {
 public:
  // When what was written is passed on: when enough has come together, or with
  // each line, for a reader that waits for it.
  enum class Pace { kBatches, kLines };

  // `fd` must stay open; SIGPIPE must be ignored.
  LineWriter(int fd, Pace pace) : fd_(fd), pace_(pace) {}

  // Where to append the next line, without its end.
  std::string* line() { return &buffer_; }
  // Ends the line.
  absl::Status EndLine();
  // Passes on what is left.
  absl::Status Flush();

 private:
  static constexpr size_t kBatchBytes = size_t{128} << 10;
  static constexpr size_t kMaxKeptBytes = size_t{2} << 20;

  const int fd_;
  const Pace pace_;
  std::string buffer_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_DECODE_LINE_WRITER_H_
