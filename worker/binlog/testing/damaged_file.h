// Recorded binlog files with damage done to them.
#ifndef BINFERRY_WORKER_BINLOG_TESTING_DAMAGED_FILE_H_
#define BINFERRY_WORKER_BINLOG_TESTING_DAMAGED_FILE_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "worker/binlog/testing/stream_walker.h"

namespace binferry::worker {

// The recorded files of tests/binlogs: two of each version, of which the second
// has no checksums.
std::vector<std::string> RecordedFiles();
// "9.7.000001" as the name of a test: "9_7_000001".
std::string FileTestName(const testing::TestParamInfo<std::string>& file);

// Every `step`th bit or byte of a file, from `first` on.
struct DamageChoice {
  size_t first = 0;
  size_t step = 1;
};

// One file and what it is when whole. The tests' expectations are in here; the
// methods add a test failure, and stop, at the first damage that does harm.
class DamagedFile {
 public:
  // Of tests/binlogs.
  explicit DamagedFile(const std::string& name);

  // Flips single bits of the events but the FORMAT_DESCRIPTION. With checksums,
  // each must be an error. Without them there may be none; then what is decoded
  // must be sound in itself, and cost no more memory than the event's size
  // explains.
  void FlipBits(const DamageChoice& bits);
  void FlipHeaderBits();
  // Flips bits of the events' sizes in the file itself, so that the file's
  // reader cuts the events wrongly.
  void FlipSizeBits(const DamageChoice& events);
  // Flips each bit of the FORMAT_DESCRIPTION in the file itself, which has a
  // checksum even where the other events have none. Only the bit that says that
  // the server still writes the file is none of it.
  void FlipFormatBits();
  // Ends the file behind so many bytes. An error, unless between two events.
  void Truncate(const DamageChoice& lengths);

 private:
  struct Event {
    size_t begin = 0;  // In the file.
    std::string raw;
    StreamWalker before;  // Ready to take it.
  };

  void Load();
  void FlipBit(size_t event, size_t bit);
  void FlipWithoutChecksum(size_t event, const std::string& flipped);
  void ExpectError(size_t bit, const Event& event,
                   const absl::Status& status) const;
  // The index of the event that has this byte of the file.
  size_t EventAt(size_t offset) const;

  const std::string path_;
  std::string bytes_;
  std::vector<Event> events_;
  bool has_checksums_ = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TESTING_DAMAGED_FILE_H_
