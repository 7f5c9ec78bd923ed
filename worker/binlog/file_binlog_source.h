// The binlog events of files.
#ifndef BINFERRY_WORKER_BINLOG_FILE_BINLOG_SOURCE_H_
#define BINFERRY_WORKER_BINLOG_FILE_BINLOG_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/binlog/binlog_source.h"
#include "worker/binlog/coordinates.h"
#include "worker/binlog/event_header.h"
#include "worker/binlog/file_bytes.h"

namespace binferry::worker {

struct FileSourceOptions {
  // Binlog files or relay logs, in the order of their events; "-" is the
  // standard input.
  std::vector<std::string> paths;
  // Where in the first file to begin; an event's start.
  uint64_t start_position = 4;
};

// Binlog files, as a server would send them: each file begins with an
// artificial ROTATE that names it (without its folders), and where the start
// lies within it, its FORMAT_DESCRIPTION comes in front all the same, marked as
// standing in no file. So EventDecoder needs no other help.
//
// In a relay log the places are those of the source that the replica read; an
// artificial ROTATE tells wherever they don't follow on the event before.
//
// Errors of Next(), all but the last ending in `, at PATH:POSITION`:
// FAILED_PRECONDITION for what is no binlog, is encrypted, or has no
// event at the start position; DATA_LOSS for a file that ends within an event;
// NOT_FOUND and the like for files that can't be read; OUT_OF_RANGE behind the
// last file. After an error the next call goes on with the next file.
//
// Memory: one event, and never more than what the file has.
// Thread-compatible, but for Interrupt().
class FileBinlogSource : public BinlogSource {
 public:
  // No server writes a larger event.
  static constexpr uint64_t kMaxEventBytes = (uint64_t{1} << 30) + (1 << 20);

  // How the stream names the file of `path`.
  static std::string NameInStream(const std::string& path);

  // FAILED_PRECONDITION without a file, or if the start position is below 4;
  // RESOURCE_EXHAUSTED if the process has no file descriptors left. Opens no
  // file yet.
  static absl::StatusOr<std::unique_ptr<FileBinlogSource>> Create(
      FileSourceOptions options);

  absl::StatusOr<absl::Span<const uint8_t>> Next() override;
  void Interrupt() override { wakeup_->Set(); }

 private:
  FileBinlogSource(FileSourceOptions options, std::unique_ptr<Wakeup> wakeup);

  // What Next() returns, without care for what follows an error.
  absl::StatusOr<absl::Span<const uint8_t>> NextOrError();
  // Opens the next file, reads up to its start, and queues what comes first.
  absl::Status OpenNext();
  absl::Status CheckMagic();
  // Reads the FORMAT_DESCRIPTION at the file's head.
  absl::Status ReadFormat();
  absl::Status SeekStart();
  // The event at the present place, not consumed.
  absl::StatusOr<absl::Span<const uint8_t>> PeekEvent();
  // Takes the event that comes next in a relay log; gives a ROTATE to come
  // before it if it doesn't start where the last one ended.
  std::optional<std::string> FollowRelayLog(const EventHeader& header,
                                            absl::Span<const uint8_t> event);
  absl::Status Truncated() const;
  // `status` with the file's present place.
  absl::Status At(const absl::Status& status) const;

  const FileSourceOptions options_;
  const std::unique_ptr<Wakeup> wakeup_;

  size_t next_path_ = 0;
  std::unique_ptr<FileBytes> file_;  // Null between files.
  std::string format_;               // The file's FORMAT_DESCRIPTION, raw.
  bool is_in_use_ = false;           // As it says.
  bool is_relay_log_ = false;
  size_t consumed_bytes_ = 0;  // Of the event that Next() returned last.
  // Made events that come before the file's next one; `made_` is the one that
  // Next() returned last.
  std::vector<std::string> queue_;
  std::string made_;
  // Of a relay log: where a decoder is, and how far the source's own file has
  // come.
  Coordinates place_;
  Coordinates source_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_FILE_BINLOG_SOURCE_H_
