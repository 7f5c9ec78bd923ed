#include "worker/binlog/file_binlog_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_decoder.h"
#include "worker/binlog/testing/event_builder.h"

namespace binferry::worker {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

const std::string kMagic(
    "\xfe"
    "bin",
    4);

// Files in a folder that goes with the test.
class FileBinlogSourceTest : public testing::Test {
 protected:
  FileBinlogSourceTest() : folder_(testing::TempDir() + "XXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }
  ~FileBinlogSourceTest() override {
    for (const std::string& path : paths_) unlink(path.c_str());
    rmdir(folder_.c_str());
  }

  std::string PathOf(const std::string& name) {
    paths_.push_back(absl::StrCat(folder_, "/", name));
    return paths_.back();
  }

  std::string Write(const std::string& name, const std::string& bytes) {
    const std::string path = PathOf(name);
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  std::string folder_;
  std::vector<std::string> paths_;
};

// What a decoder makes of all that the source has: a line for each event,
// `NAME FILE:POSITION`, and how it ended.
struct Reading {
  std::vector<std::string> events;
  absl::Status end;
};

Reading Read(FileBinlogSource* source) {
  Reading reading;
  EventDecoder decoder;
  while (true) {
    const auto raw = source->Next();
    if (!raw.ok()) {
      reading.end = raw.status();
      return reading;
    }
    const std::string file = decoder.file();
    const auto frame = decoder.Frame(*raw);
    if (!frame.ok()) {
      reading.end = frame.status();
      return reading;
    }
    reading.events.push_back(
        absl::StrCat(EventTypeName(frame->header.type), " ",
                     frame->header.Is(EventType::kRotate) &&
                             frame->header.has_flag(EventHeader::kArtificial)
                         ? absl::StrCat("to ", decoder.place().ToString())
                         : absl::StrCat(file, ":", frame->position)));
  }
}

Reading ReadFiles(FileSourceOptions options) {
  auto source = FileBinlogSource::Create(std::move(options));
  if (!source.ok()) return {.events = {}, .end = source.status()};
  return Read(source->get());
}

std::string FileOf(const std::vector<std::string>& events) {
  return kMagic + absl::StrJoin(events, "");
}

// A file with a transaction of nothing; `rotate_to` is its successor.
std::string SmallFile(const std::string& name, const std::string& rotate_to) {
  EventBuilder builder({.file = name});
  std::string bytes = FileOf({builder.FormatDescription(),
                              builder.Query("d", "BEGIN"), builder.Xid(7)});
  if (!rotate_to.empty()) bytes += builder.Rotate(rotate_to);
  return bytes;
}

// `file` with the flag that says that its server has not closed it.
std::string InUse(std::string file) {
  constexpr size_t kFlags = 4 + 17;
  file[kFlags] = static_cast<char>(file[kFlags] | EventHeader::kInUse);
  return file;
}

TEST_F(FileBinlogSourceTest, ReadsFilesInOrderAndNamesThem) {
  const std::string first =
      Write("binlog.000001", SmallFile("binlog.000001", "binlog.000002"));
  const std::string second =
      Write("binlog.000002", SmallFile("binlog.000002", ""));
  const Reading reading = ReadFiles({.paths = {first, second}});
  EXPECT_THAT(reading.events,
              ElementsAre("ROTATE (4) to binlog.000001:4",
                          "FORMAT_DESCRIPTION (15) binlog.000001:4",
                          testing::StartsWith("QUERY (2) binlog.000001:"),
                          testing::StartsWith("XID (16) binlog.000001:"),
                          testing::StartsWith("ROTATE (4) binlog.000001:"),
                          "ROTATE (4) to binlog.000002:4",
                          "FORMAT_DESCRIPTION (15) binlog.000002:4",
                          testing::StartsWith("QUERY (2) binlog.000002:"),
                          testing::StartsWith("XID (16) binlog.000002:")));
  EXPECT_THAT(reading.end, StatusIs(absl::StatusCode::kOutOfRange));
}

TEST_F(FileBinlogSourceTest, BeginsWithinTheFirstFile) {
  EventBuilder builder({.file = "binlog.000001"});
  std::string bytes =
      FileOf({builder.FormatDescription(), builder.Query("d", "BEGIN")});
  const uint64_t start = builder.position();
  bytes += builder.Xid(7);
  const std::string path = Write("binlog.000001", InUse(bytes));
  const Reading reading = ReadFiles({.paths = {path}, .start_position = start});
  EXPECT_THAT(
      reading.events,
      ElementsAre(absl::StrCat("ROTATE (4) to binlog.000001:", start),
                  absl::StrCat("FORMAT_DESCRIPTION (15) binlog.000001:", start),
                  absl::StrCat("XID (16) binlog.000001:", start)));
  EXPECT_THAT(reading.end, StatusIs(absl::StatusCode::kOutOfRange));

  EXPECT_THAT(ReadFiles({.paths = {path}, .start_position = bytes.size()}).end,
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("their end")));
  EXPECT_THAT(
      ReadFiles({.paths = {path}, .start_position = start + 1}).end,
      StatusIs(absl::StatusCode::kFailedPrecondition,
               AllOf(HasSubstr("no event starts here"),
                     EndsWith(absl::StrCat("binlog.000001:", start + 1)))));
  EXPECT_THAT(
      ReadFiles({.paths = {path}, .start_position = bytes.size() + 1}).end,
      StatusIs(absl::StatusCode::kFailedPrecondition,
               HasSubstr(absl::StrCat("only ", bytes.size(), " bytes"))));
  EXPECT_THAT(ReadFiles({.paths = {path}, .start_position = 3}).end,
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(FileBinlogSourceTest, BeginsBehindFourGigabytes) {
  constexpr uint64_t kFar = 5'000'000'000;
  EventBuilder builder({.file = "b"});
  const std::string head = FileOf({builder.FormatDescription()});
  builder.SkipTo(kFar);
  const std::string path = Write("b", head);
  std::ofstream file(path, std::ios::binary | std::ios::in);
  file.seekp(kFar);  // A hole takes no room.
  file << builder.Xid(1) << std::flush;
  const Reading reading = ReadFiles({.paths = {path}, .start_position = kFar});
  EXPECT_THAT(reading.events,
              ElementsAre("ROTATE (4) to b:5000000000",
                          "FORMAT_DESCRIPTION (15) b:5000000000",
                          "XID (16) b:5000000000"));
  EXPECT_THAT(reading.end, StatusIs(absl::StatusCode::kOutOfRange));
}

TEST_F(FileBinlogSourceTest, TellsEveryTruncation) {
  EventBuilder builder({.file = "b"});
  std::string bytes = kMagic;
  std::vector<size_t> ends = {bytes.size()};
  for (const std::string& event :
       {builder.FormatDescription(), builder.Query("d", "BEGIN"),
        builder.Xid(7)}) {
    bytes += event;
    ends.push_back(bytes.size());
  }
  for (const bool is_in_use : {false, true}) {
    const std::string whole = is_in_use ? InUse(bytes) : bytes;
    for (size_t size = 0; size <= whole.size(); ++size) {
      const std::string path = Write("b", whole.substr(0, size));
      const Reading reading = ReadFiles({.paths = {path}});
      const auto next_end = std::upper_bound(ends.begin(), ends.end(), size);
      const size_t whole_events =
          static_cast<size_t>(next_end - ends.begin()) - (size < 4 ? 0 : 1);
      if (whole_events > 0 && ends[whole_events] == size) {
        EXPECT_THAT(reading.end, StatusIs(absl::StatusCode::kOutOfRange));
        EXPECT_EQ(reading.events.size(), 1 + whole_events);
        continue;
      }
      EXPECT_EQ(reading.events.size(), whole_events == 0 ? 0 : 1 + whole_events)
          << size;
      EXPECT_THAT(
          reading.end,
          StatusIs(absl::StatusCode::kDataLoss,
                   AllOf(HasSubstr("ends within"),
                         EndsWith(absl::StrCat(
                             path, ":", size < 4 ? 0 : ends[whole_events])))))
          << size;
      // What the flag says is known once the event that has it is whole.
      EXPECT_EQ(absl::StrContains(reading.end.message(), "still writing"),
                is_in_use && whole_events > 0);
    }
  }
}

TEST_F(FileBinlogSourceTest, GoesOnWithTheNextFileBehindAnError) {
  const std::string whole = SmallFile("b.2", "");
  auto source = FileBinlogSource::Create(
      {.paths = {Write("b.1", whole.substr(0, whole.size() - 1)),
                 PathOf("gone"), Write("b.2", whole)}});
  ASSERT_THAT(source, IsOk());
  EXPECT_THAT(Read(source->get()).end, StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Read(source->get()).end,
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("gone")));
  EXPECT_EQ(Read(source->get()).events.size(), 4u);
}

TEST_F(FileBinlogSourceTest, RefusesWhatIsNoBinlog) {
  for (const std::string& bytes :
       {std::string("SQL dump"), std::string("\x1f\x8b\x08\x00gzip", 8),
        std::string("x"),
        std::string("\xfe"
                    "bio",
                    4)}) {
    EXPECT_THAT(ReadFiles({.paths = {Write("b", bytes)}}).end,
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         AllOf(HasSubstr("no binlog"), EndsWith("b:0"))));
  }
  EXPECT_THAT(ReadFiles({.paths = {Write("b",
                                         "\xfd"
                                         "bin and ciphertext")}})
                  .end,
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("encrypted"), HasSubstr("--from"))));
  EventBuilder builder({.file = "b"});
  EXPECT_THAT(ReadFiles({.paths = {Write("b", kMagic + builder.Xid(1))}}).end,
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr("FORMAT_DESCRIPTION"), EndsWith(":4"))));
  EXPECT_THAT(
      ReadFiles({.paths = {folder_}}).end,
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("directory")));
  EXPECT_THAT(ReadFiles({.paths = {}}).end,
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(FileBinlogSourceTest, ReservesNothingForALengthThatIsALie) {
  const std::string file = SmallFile("b", "");
  for (const uint32_t size : {0u, 18u, 0xffffffffu}) {
    std::string bytes = file;
    constexpr size_t kXidBytes = 19 + 8 + 4;
    for (size_t i = 0; i < 4; ++i) {
      bytes[bytes.size() - kXidBytes + 9 + i] =
          static_cast<char>(size >> (8 * i));
    }
    EXPECT_THAT(
        ReadFiles({.paths = {Write("b", bytes)}}).end,
        StatusIs(absl::StatusCode::kDataLoss,
                 AllOf(HasSubstr("claims"),
                       EndsWith(absl::StrCat(":", file.size() - kXidBytes)))));
  }
}

TEST_F(FileBinlogSourceTest, ReadsEventsLargerThanItsBuffer) {
  EventBuilder builder({.file = "b"});
  const std::string text(3'000'000, 'x');
  const std::string path =
      Write("b", FileOf({builder.FormatDescription(), builder.Query("d", text),
                         builder.Query("d", text + "y"), builder.Xid(1)}));
  const Reading reading = ReadFiles({.paths = {path}});
  EXPECT_EQ(reading.events.size(), 5u);
  EXPECT_THAT(reading.end, StatusIs(absl::StatusCode::kOutOfRange));
}

TEST_F(FileBinlogSourceTest, ReadsAPipeAndCanBeInterrupted) {
  const std::string path = PathOf("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  auto source = FileBinlogSource::Create({.paths = {path}});
  ASSERT_THAT(source, IsOk());
  // A writer that stays: the pipe never ends.
  std::ofstream writer;
  std::thread opener([&] {
    writer.open(path, std::ios::binary);
    writer << SmallFile("b", "") << std::flush;
  });
  EventDecoder decoder;
  for (int i = 0; i < 4; ++i) {
    const auto raw = (*source)->Next();
    ASSERT_THAT(raw, IsOk());
    EXPECT_THAT(decoder.Frame(*raw), IsOk());
  }
  opener.join();
  std::thread interrupter([&] { (*source)->Interrupt(); });
  EXPECT_THAT((*source)->Next(), StatusIs(absl::StatusCode::kCancelled));
  interrupter.join();
  EXPECT_THAT((*source)->Next(), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(FileBinlogSourceTest, GivesARelayLogThePlacesOfItsSource) {
  EventBuilder relay({.file = "relay.000002"});
  EventBuilder source({.file = "binlog.000007"});
  std::string format = relay.Raw(
      static_cast<uint8_t>(EventType::kFormatDescription),
      source.FormatDescription().substr(
          EventHeader::kBytes, source.position() - 4 - EventHeader::kBytes - 4),
      EventHeader::kRelayLog);
  std::string bytes = kMagic + format;
  EventBuilder at({.file = "binlog.000007", .position = 5000});
  bytes += at.FakeRotate();
  bytes += at.Query("d", "BEGIN");
  at.SkipTo(6000);  // A transaction that the replica had already.
  bytes += at.Xid(1);
  relay.SkipTo(bytes.size());
  bytes += relay.Raw(static_cast<uint8_t>(EventType::kRotate),
                     std::string("\4\0\0\0\0\0\0\0relay.000003", 20),
                     EventHeader::kRelayLog);
  const std::string next = kMagic + format + at.Query("d", "BEGIN");
  const Reading reading = ReadFiles(
      {.paths = {Write("relay.000002", bytes), Write("relay.000003", next)}});
  EXPECT_THAT(
      reading.events,
      ElementsAre(
          "ROTATE (4) to relay.000002:4",
          "FORMAT_DESCRIPTION (15) relay.000002:4",
          "ROTATE (4) to binlog.000007:5000", "QUERY (2) binlog.000007:5000",
          "ROTATE (4) to binlog.000007:6000", "XID (16) binlog.000007:6000",
          absl::StrCat("ROTATE (4) to relay.000002:", bytes.size() - 43),
          absl::StrCat("ROTATE (4) relay.000002:", bytes.size() - 43),
          "ROTATE (4) to relay.000003:4",
          "FORMAT_DESCRIPTION (15) relay.000003:4",
          "ROTATE (4) to binlog.000007:6031", "QUERY (2) binlog.000007:6031"));
  EXPECT_THAT(reading.end, StatusIs(absl::StatusCode::kOutOfRange));
}

}  // namespace
}  // namespace binferry::worker
