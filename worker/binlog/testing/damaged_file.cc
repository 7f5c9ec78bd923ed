#include "worker/binlog/testing/damaged_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/read_file.h"
#include "common/testing/allocation_meter.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_body.h"
#include "worker/binlog/event_header.h"
#include "worker/binlog/file_binlog_source.h"

namespace binferry::worker {
namespace {

constexpr size_t kFirstPosition = 4;
constexpr size_t kSizeOffset = 9;    // Of an event's size in its header.
constexpr size_t kFlagsOffset = 17;  // Of its flags.

bool IsType(const std::string& raw, EventType type) {
  return raw[4] == static_cast<char>(type);
}

void Flip(size_t bit, std::string* bytes) {
  (*bytes)[bit / 8] = static_cast<char>((*bytes)[bit / 8] ^ (1 << (bit % 8)));
}

// A file of the test's own with the given bytes.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& bytes)
      : path_(testing::TempDir() + "damaged-XXXXXX"),
        fd_(mkstemp(path_.data())) {
    EXPECT_GE(fd_, 0) << path_;
    Write(0, bytes);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() {
    close(fd_);
    unlink(path_.c_str());
  }

  const std::string& path() const { return path_; }
  void Write(size_t offset, const std::string& bytes) {
    EXPECT_EQ(
        pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset)),
        static_cast<ssize_t>(bytes.size()));
  }
  // It can only get shorter.
  void Truncate(size_t bytes) {
    EXPECT_EQ(ftruncate(fd_, static_cast<off_t>(bytes)), 0);
  }

 private:
  std::string path_;
  const int fd_;
};

// How reading the events of a file from `start` ends: OUT_OF_RANGE at the
// file's end, OK once the event that ends at `until` has passed.
absl::Status ReadFrames(const std::string& path, size_t start, size_t until) {
  auto source = FileBinlogSource::Create({{path}, start});
  if (!source.ok()) return source.status();
  EventDecoder decoder;
  while (decoder.position() < until) {
    const auto raw = (*source)->Next();
    if (!raw.ok()) return raw.status();
    const auto frame = decoder.Frame(*raw);
    if (!frame.ok()) return frame.status();
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> RecordedFiles() {
  return {"8.0.12.000001", "8.0.12.000002", "8.0.33.000001",
          "8.0.33.000002", "9.7.000001",    "9.7.000002"};
}

std::string FileTestName(const testing::TestParamInfo<std::string>& file) {
  return absl::StrReplaceAll(file.param, {{".", "_"}});
}

DamagedFile::DamagedFile(const std::string& name)
    : path_(absl::StrCat(BINFERRY_SOURCE_DIR, "/tests/binlogs/", name)) {
  Load();
}

void DamagedFile::Load() {
  constexpr size_t kMaxBytes = 1 << 20;
  const auto bytes = ReadFile(path_, kMaxBytes);
  ASSERT_THAT(bytes, IsOk());
  bytes_ = *bytes;
  auto source = FileBinlogSource::Create({{path_}, kFirstPosition});
  ASSERT_THAT(source, IsOk());
  StreamWalker walker;
  for (size_t begin = kFirstPosition;;) {
    const auto raw = (*source)->Next();
    if (absl::IsOutOfRange(raw.status())) break;
    ASSERT_THAT(raw, IsOk());
    // The source begins with an event that is not the file's.
    const std::string event(AsText(*raw));
    const bool is_in_file = bytes_.compare(begin, event.size(), event) == 0;
    if (is_in_file) {
      events_.push_back({begin, event, walker});
      begin += event.size();
    }
    ASSERT_THAT(walker.Take(*raw), IsOk());
  }
  ASSERT_FALSE(events_.empty());
  ASSERT_EQ(events_.back().begin + events_.back().raw.size(), bytes_.size());
  ASSERT_GT(walker.rows(), 0u);
  // The algorithm stands in front of the description's own checksum.
  const std::string& format = events_[0].raw;
  ASSERT_TRUE(IsType(format, EventType::kFormatDescription));
  has_checksums_ = format[format.size() - 5] != 0;
}

size_t DamagedFile::EventAt(size_t offset) const {
  const auto behind = std::upper_bound(
      events_.begin(), events_.end(), offset,
      [](size_t place, const Event& event) { return place < event.begin; });
  return static_cast<size_t>(behind - events_.begin()) - 1;
}

void DamagedFile::FlipBits(const DamageChoice& bits) {
  const size_t first = std::max(bits.first, 8 * kFirstPosition);
  for (size_t bit = first; bit < 8 * bytes_.size(); bit += bits.step) {
    const size_t event = EventAt(bit / 8);
    FlipBit(event, bit - 8 * events_[event].begin);
    if (testing::Test::HasFailure()) return;
  }
}

void DamagedFile::FlipHeaderBits() {
  for (size_t event = 0; event < events_.size(); ++event) {
    for (size_t bit = 0; bit < 8 * EventHeader::kBytes; ++bit) {
      FlipBit(event, bit);
      if (testing::Test::HasFailure()) return;
    }
  }
}

void DamagedFile::FlipBit(size_t event, size_t bit) {
  const Event& whole = events_[event];
  if (IsType(whole.raw, EventType::kFormatDescription)) return;
  std::string flipped = whole.raw;
  Flip(bit, &flipped);
  if (!has_checksums_) {
    return FlipWithoutChecksum(event, flipped);
  }
  EventDecoder decoder = whole.before.decoder();
  ExpectError(bit, whole, decoder.Frame(AsBytes(flipped)).status());
}

void DamagedFile::FlipWithoutChecksum(size_t event,
                                      const std::string& flipped) {
  // What follows is read with what the damaged event left behind.
  constexpr size_t kFollowing = 6;
  constexpr size_t kBytesPerByte = 64;
  constexpr size_t kSlackBytes = size_t{1} << 20;
  const AllocationMeter meter;
  StreamWalker walker = events_[event].before;
  absl::Status status = walker.Take(AsBytes(flipped));
  size_t largest = flipped.size();
  for (size_t i = event + 1;
       status.ok() && i < events_.size() && i <= event + kFollowing; ++i) {
    status = walker.Take(AsBytes(events_[i].raw));
    largest = std::max(largest, events_[i].raw.size());
  }
  if (absl::IsInternal(status) ||
      meter.peak_bytes() > kBytesPerByte * largest + kSlackBytes) {
    ADD_FAILURE() << path_ << ", the event at " << events_[event].begin << ": "
                  << status << ", " << meter.peak_bytes() << " bytes of memory";
  }
}

void DamagedFile::FlipSizeBits(const DamageChoice& events) {
  constexpr size_t kSizeBits = 32;
  ScratchFile file(bytes_);
  for (size_t i = events.first; i < events_.size(); i += events.step) {
    const Event& event = events_[i];
    for (size_t bit = 0; bit < kSizeBits; ++bit) {
      std::string damaged = event.raw;
      Flip(8 * kSizeOffset + bit, &damaged);
      file.Write(event.begin, damaged);
      ExpectError(
          bit, event,
          ReadFrames(file.path(), event.begin, event.begin + event.raw.size()));
      if (testing::Test::HasFailure()) return;
    }
    file.Write(event.begin, event.raw);
  }
}

void DamagedFile::FlipFormatBits() {
  ASSERT_GT(events_.size(), 1u);
  ScratchFile file(bytes_);
  const Event& format = events_[0];
  for (size_t bit = 0; bit < 8 * format.raw.size(); ++bit) {
    // A server sets and clears this one without a new checksum.
    if (bit == 8 * kFlagsOffset) continue;
    std::string damaged = format.raw;
    Flip(bit, &damaged);
    file.Write(format.begin, damaged);
    // Who begins behind it reads it all the same.
    for (const size_t start : {format.begin, events_[1].begin}) {
      ExpectError(bit, format, ReadFrames(file.path(), start, bytes_.size()));
    }
    if (testing::Test::HasFailure()) return;
  }
}

void DamagedFile::ExpectError(size_t bit, const Event& event,
                              const absl::Status& status) const {
  EXPECT_FALSE(status.ok() || absl::IsInternal(status) ||
               absl::IsOutOfRange(status))
      << path_ << ", bit " << bit << " of the event at " << event.begin << ": "
      << status;
}

void DamagedFile::Truncate(const DamageChoice& lengths) {
  ScratchFile file(bytes_);
  for (size_t cut = 1 + lengths.first; cut < bytes_.size();
       cut += lengths.step) {
    const size_t length = bytes_.size() - cut;
    file.Truncate(length);
    // What comes in front of the cut event is as it was.
    const size_t last = EventAt(std::max(length, kFirstPosition + 1) - 1);
    const Event& event = events_[last];
    const bool is_between = length == event.begin + event.raw.size();
    const absl::Status status =
        ReadFrames(file.path(), event.begin, bytes_.size());
    EXPECT_EQ(absl::IsOutOfRange(status), is_between)
        << path_ << ", cut at " << length << ": " << status;
    EXPECT_FALSE(status.ok());
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace binferry::worker
