#include "worker/decode/decode_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/file_binlog_source.h"
#include "worker/binlog/testing/event_builder.h"
#include "worker/binlog/testing/scripted_binlog_source.h"

namespace binferry::worker {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Outcome {
  std::string output;
  std::string complaints;
  absl::Status status;
};

Outcome PrintAll(const DecodeOptions& options, BinlogSource* source) {
  const int file = memfd_create("lines", MFD_CLOEXEC);
  LineWriter out(file, LineWriter::Pace::kLines);
  Outcome outcome;
  testing::internal::CaptureStderr();
  outcome.status = PrintBinlog(options, source, &out);
  outcome.complaints = testing::internal::GetCapturedStderr();
  outcome.output.resize(1 << 16);
  const ssize_t count =
      pread(file, outcome.output.data(), outcome.output.size(), 0);
  outcome.output.resize(static_cast<size_t>(count));
  close(file);
  return outcome;
}

const absl::Status kEnd = absl::OutOfRangeError("the end");

TEST(DecodeCommandTest, EndsBeforeThePlaceToStopAt) {
  EventBuilder binlog;
  std::vector<std::string> events = {binlog.FakeRotate(),
                                     binlog.FormatDescription(), binlog.Xid(1)};
  const Coordinates stop{"binlog.000001", binlog.position()};
  events.push_back(binlog.Xid(2));
  ScriptedBinlogSource source(events, absl::UnavailableError("must not come"));
  const Outcome outcome = PrintAll({.stop = stop}, &source);
  EXPECT_THAT(outcome.status, IsOk());
  EXPECT_THAT(outcome.output,
              AllOf(HasSubstr("\"xid\":1"), Not(HasSubstr("\"xid\":2"))));
}

// Lets the standard input be a file of these bytes.
class StandardInput {
 public:
  explicit StandardInput(const std::string& bytes)
      : former_(dup(STDIN_FILENO)) {
    const int file = memfd_create("input", MFD_CLOEXEC);
    EXPECT_EQ(write(file, bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
    EXPECT_EQ(lseek(file, 0, SEEK_SET), 0);
    dup2(file, STDIN_FILENO);
    close(file);
  }
  ~StandardInput() {
    dup2(former_, STDIN_FILENO);
    close(former_);
  }

 private:
  const int former_;
};

TEST(DecodeCommandTest, EndsBeforeThePlaceOfTheStandardInput) {
  EventBuilder binlog;
  std::string bytes(
      "\xfe"
      "bin");
  bytes += binlog.FormatDescription();
  bytes += binlog.Xid(1);
  const std::string stop = absl::StrCat(binlog.position());
  bytes += binlog.Xid(2);
  const StandardInput input(bytes);
  const std::vector<const char*> arguments = {"decode", "--stop-position",
                                              stop.c_str(), "-"};
  const ParsedDecodeOptions parsed =
      ParseDecodeOptions(static_cast<int>(arguments.size()), arguments.data());
  ASSERT_FALSE(parsed.exit_code.has_value());
  const auto source = FileBinlogSource::Create({.paths = parsed.options.files});
  ASSERT_THAT(source, IsOk());
  const Outcome outcome = PrintAll(parsed.options, source->get());
  EXPECT_THAT(outcome.status, IsOk());
  EXPECT_THAT(outcome.output,
              AllOf(HasSubstr("\"xid\":1"), Not(HasSubstr("\"xid\":2"))));
}

TEST(DecodeCommandTest, EndsWithTheError) {
  EventBuilder binlog;
  ScriptedBinlogSource source({binlog.FakeRotate(), binlog.FormatDescription()},
                              absl::DataLossError("cut off"));
  const Outcome outcome = PrintAll({}, &source);
  EXPECT_THAT(outcome.status, StatusIs(absl::StatusCode::kDataLoss, "cut off"));
  EXPECT_THAT(outcome.output, HasSubstr("FORMAT_DESCRIPTION"));
}

TEST(DecodeCommandTest, CountsWhatItPassesOver) {
  EventBuilder binlog;
  ScriptedBinlogSource source(
      {binlog.FakeRotate(), binlog.FormatDescription(), binlog.Raw(99, "?"),
       binlog.Raw(98, "?"), binlog.Xid(1)},
      kEnd);
  const Outcome outcome = PrintAll({.keeps_going = true}, &source);
  EXPECT_THAT(outcome.status,
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("2 places")));
  EXPECT_THAT(outcome.complaints,
              AllOf(HasSubstr("unknown event (99)"), HasSubstr("(98)")));
  EXPECT_THAT(outcome.output, HasSubstr("\"xid\":1"));
}

}  // namespace
}  // namespace binferry::worker
