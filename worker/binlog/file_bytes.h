// Reading a file of any size, or a pipe, piece by piece.
#ifndef BINFERRY_WORKER_BINLOG_FILE_BYTES_H_
#define BINFERRY_WORKER_BINLOG_FILE_BYTES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace binferry::worker {

// Wakes those who wait for bytes, for good. Thread-safe.
class Wakeup {
 public:
  // RESOURCE_EXHAUSTED if the process has no file descriptors left.
  static absl::StatusOr<std::unique_ptr<Wakeup>> Create();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  void Set();
  bool is_set() const { return is_set_; }
  // Readable once it is set.
  int fd() const { return fd_; }

 private:
  explicit Wakeup(int fd) : fd_(fd) {}

  const int fd_;
  std::atomic<bool> is_set_ = false;
};

// The bytes of one file in order. Memory is what Peek was asked for and the
// file really has, or 256 KiB. Thread-compatible.
class FileBytes {
 public:
  // The path of the standard input, in errors too.
  static constexpr absl::string_view kStandardInput = "standard input";

  // "-" is the standard input. `wakeup` must outlive this object. Errors name
  // the path: NOT_FOUND, PERMISSION_DENIED and the like; FAILED_PRECONDITION
  // for a folder.
  static absl::StatusOr<std::unique_ptr<FileBytes>> Open(
      const std::string& path, const Wakeup* wakeup);
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  // The next `count` bytes, fewer only where the file ends before; not
  // consumed. Valid until the next call of any kind. CANCELLED once the wakeup
  // is set; DATA_LOSS if the disk refuses.
  absl::StatusOr<absl::Span<const uint8_t>> Peek(size_t count);

  // Passes over bytes that Peek has shown.
  void Consume(size_t count);

  // Passes over everything in front of `position`, which may not lie behind
  // the present place. OUT_OF_RANGE if the file is shorter.
  absl::Status SkipTo(uint64_t position);

  const std::string& path() const { return path_; }
  // Offset of the next byte that Peek shows.
  uint64_t position() const { return position_; }

 private:
  FileBytes(std::string path, int fd, bool is_regular, const Wakeup* wakeup);

  // Makes room behind `end_`, towards `wanted` bytes in all.
  void MakeRoom(size_t wanted);
  // Reads once. False at the file's end.
  absl::StatusOr<bool> Read();

  const std::string path_;
  const int fd_;
  const bool is_regular_;
  const Wakeup* const wakeup_;
  uint64_t position_ = 0;
  std::unique_ptr<uint8_t[]> buffer_;
  size_t capacity_ = 0;
  // Of `buffer_`: what was read and not consumed.
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_FILE_BYTES_H_
