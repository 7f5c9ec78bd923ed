#include "worker/decode/line_writer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {

absl::Status LineWriter::EndLine() {
  buffer_ += '\n';
  if (pace_ == Pace::kBatches && buffer_.size() < kBatchBytes) {
    return absl::OkStatus();
  }
  return Flush();
}

absl::Status LineWriter::Flush() {
  absl::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t count = write(fd_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    // Others may have made the pipe or terminal one that doesn't wait.
    if (count < 0 && errno == EAGAIN) {
      pollfd waited{.fd = fd_, .events = POLLOUT, .revents = 0};
      poll(&waited, 1, -1);
      continue;
    }
    if (count < 0) {
      const absl::string_view reason = strerror(errno);
      if (errno == EPIPE) return absl::CancelledError(reason);
      return absl::Status(absl::ErrnoToStatusCode(errno),
                          absl::StrCat("cannot write the output: ", reason));
    }
    rest.remove_prefix(static_cast<size_t>(count));
  }

  buffer_.clear();
  // A line of a gigabyte doesn't keep its memory.
  if (buffer_.capacity() > kMaxKeptBytes) buffer_.shrink_to_fit();
  return absl::OkStatus();
}

}  // namespace binferry::worker
