#include "worker/binlog/file_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

constexpr size_t kReadBytes = size_t{256} << 10;

absl::Status ReadError(const std::string& path, int error) {
  const absl::StatusCode code = error == EIO ? absl::StatusCode::kDataLoss
                                : error == EISDIR
                                    ? absl::StatusCode::kFailedPrecondition
                                    : absl::ErrnoToStatusCode(error);
  return absl::Status(
      code, absl::StrCat("cannot read the file ", path, ": ", strerror(error)));
}

absl::Status Interrupted() { return absl::CancelledError("interrupted"); }

}  // namespace

absl::StatusOr<std::unique_ptr<Wakeup>> Wakeup::Create() {
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot make an event descriptor: ", strerror(errno)));
  }
  return absl::WrapUnique(new Wakeup(fd));
}

Wakeup::~Wakeup() { close(fd_); }

void Wakeup::Set() {
  is_set_ = true;
  const uint64_t one = 1;
  // It can only fail when the counter is near its end, and so set.
  [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof(one));
}

absl::StatusOr<std::unique_ptr<FileBytes>> FileBytes::Open(
    const std::string& path, const Wakeup* wakeup) {
  const bool is_standard_input = path == "-";
  const int fd = is_standard_input
                     ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                     : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  std::string name = is_standard_input ? std::string(kStandardInput) : path;
  if (fd < 0) return ReadError(name, errno);
  struct stat facts {};
  if (fstat(fd, &facts) != 0 || S_ISDIR(facts.st_mode)) {
    const int error = S_ISDIR(facts.st_mode) ? EISDIR : errno;
    close(fd);
    return ReadError(name, error);
  }
  return absl::WrapUnique(
      new FileBytes(std::move(name), fd, S_ISREG(facts.st_mode), wakeup));
}

FileBytes::FileBytes(std::string path, int fd, bool is_regular,
                     const Wakeup* wakeup)
    : path_(std::move(path)),
      fd_(fd),
      is_regular_(is_regular),
      wakeup_(wakeup) {}

FileBytes::~FileBytes() { close(fd_); }

absl::StatusOr<absl::Span<const uint8_t>> FileBytes::Peek(size_t count) {
  while (end_ - begin_ < count) {
    MakeRoom(count);
    BINFERRY_ASSIGN_OR_RETURN(const bool has_more, Read());
    if (!has_more) break;
  }
  return absl::MakeConstSpan(buffer_.get() + begin_,
                             std::min(count, end_ - begin_));
}

void FileBytes::Consume(size_t count) {
  begin_ += count;
  position_ += count;
}

absl::Status FileBytes::SkipTo(uint64_t position) {
  while (position_ < position) {
    const uint64_t distance = position - position_;
    // A file's holes and gigabytes need not pass through memory.
    if (is_regular_ && distance > end_ - begin_) {
      struct stat facts {};
      if (fstat(fd_, &facts) == 0 &&
          static_cast<uint64_t>(facts.st_size) >= position &&
          lseek(fd_, static_cast<off_t>(distance - (end_ - begin_)),
                SEEK_CUR) >= 0) {
        begin_ = end_ = 0;
        position_ = position;
        return absl::OkStatus();
      }
    }
    BINFERRY_ASSIGN_OR_RETURN(
        const absl::Span<const uint8_t> bytes,
        Peek(static_cast<size_t>(std::min<uint64_t>(distance, kReadBytes))));
    if (bytes.empty()) {
      return absl::OutOfRangeError(
          absl::StrCat("the file ", path_, " has only ", position_, " bytes"));
    }
    Consume(bytes.size());
  }
  return absl::OkStatus();
}

// The buffer grows with what the file really had so far, at most doubling, so
// that a false length costs nothing.
void FileBytes::MakeRoom(size_t wanted) {
  const size_t held = end_ - begin_;
  if (begin_ > 0 && (end_ == capacity_ || capacity_ - begin_ < wanted)) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, held);
    begin_ = 0;
    end_ = held;
  }
  if (end_ < capacity_) return;
  capacity_ = std::max(kReadBytes, std::min(wanted, 2 * capacity_));
  auto larger = std::make_unique_for_overwrite<uint8_t[]>(capacity_);
  if (held > 0) std::memcpy(larger.get(), buffer_.get(), held);
  buffer_ = std::move(larger);
}

absl::StatusOr<bool> FileBytes::Read() {
  while (true) {
    pollfd waited[] = {{.fd = wakeup_->fd(), .events = POLLIN, .revents = 0},
                       {.fd = fd_, .events = POLLIN, .revents = 0}};
    if (poll(waited, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return ReadError(path_, errno);
    }
    if (waited[0].revents != 0) return Interrupted();
    const ssize_t count = read(fd_, buffer_.get() + end_, capacity_ - end_);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return ReadError(path_, errno);
    end_ += static_cast<size_t>(count);
    return count > 0;
  }
}

}  // namespace binferry::worker
