#include "tests/conformance/file_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FileSinkTest : public testing::Test {
 protected:
  FileSinkTest() { std::remove(path_.c_str()); }

  OpenedSink Open(FileSink::Options options = {}) {
    options.path = path_;
    auto opened = FileSink::Open(std::move(options));
    EXPECT_THAT(opened, IsOk());
    return *std::move(opened);
  }

  std::string Content() const {
    std::ifstream in(path_);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  void Append(const std::string& bytes) const {
    std::ofstream(path_, std::ios::app) << bytes;
  }

  // Not named after the case alone: cases run side by side.
  const std::string path_ =
      testing::TempDir() + "file_sink_" +
      testing::UnitTest::GetInstance()->current_test_info()->name();
};

Checkpoint Number(int64_t number) {
  Checkpoint checkpoint;
  checkpoint.task_uid = TaskUid("00000000-0000-4000-8000-000000000000");
  checkpoint.epoch = Epoch(1);
  checkpoint.generation = Generation(1);
  checkpoint.number = number;
  checkpoint.file = "binlog.000001";
  checkpoint.position = 157;
  return checkpoint;
}

absl::Status WriteOne(RecordSink* sink, absl::string_view value) {
  const auto topic = sink->OpenTopic("h-t");
  if (!topic.ok()) return topic.status();
  const Record record{.topic = topic->handle,
                      .partition = 2,
                      .has_key = true,
                      .key = "{\"id\":\"1\"}",
                      .value = value,
                      .id = 7};
  return sink->Write({&record, 1});
}

TEST_F(FileSinkTest, StartsWithoutACheckpoint) {
  EXPECT_FALSE(Open().checkpoint.has_value());
}

TEST_F(FileSinkTest, KeepsACommitAcrossProcesses) {
  {
    const OpenedSink opened = Open();
    EXPECT_THAT(WriteOne(opened.sink.get(), "{}"), IsOk());
    EXPECT_THAT(opened.sink->Commit(Number(3)), IsOk());
  }
  EXPECT_EQ(Open().checkpoint, Number(3));
  EXPECT_THAT(Content(),
              HasSubstr("\nrecord h-t 2 7 10 2\n{\"id\":\"1\"}{}\n"));
}

TEST_F(FileSinkTest, ForgetsWhatWasNotCommitted) {
  {
    const OpenedSink opened = Open();
    EXPECT_THAT(opened.sink->Commit(Number(0)), IsOk());
    EXPECT_THAT(WriteOne(opened.sink.get(), "{}"), IsOk());
  }
  EXPECT_EQ(Open().checkpoint, Number(0));
  EXPECT_THAT(Content(), Not(HasSubstr("\nrecord ")));
}

TEST_F(FileSinkTest, CutsOffABlockWithoutItsEnd) {
  { EXPECT_THAT(Open().sink->Commit(Number(1)), IsOk()); }
  const std::string whole = Content();
  { EXPECT_THAT(Open().sink->Commit(Number(2)), IsOk()); }
  const std::string second = Content().substr(whole.size());
  for (size_t size = 1; size < second.size(); size += 7) {
    std::ofstream(path_, std::ios::trunc) << whole << second.substr(0, size);
    EXPECT_EQ(Open().checkpoint, Number(1)) << size;
    EXPECT_EQ(Content(), whole) << size;
  }
}

TEST_F(FileSinkTest, RefusesAFileThatHoldsSomethingElse) {
  Append("these are\nno blocks\n");
  EXPECT_THAT(FileSink::Open({.path = path_}),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(FileSinkTest, DiesBeforeTheBlockIsWritten) {
  EXPECT_EXIT(
      {
        const OpenedSink opened =
            Open({.kill_at_commit = 2,
                  .kill_point = FileSink::KillPoint::kBeforeBlock});
        static_cast<void>(opened.sink->Commit(Number(0)));
        static_cast<void>(opened.sink->Commit(Number(1)));
      },
      testing::KilledBySignal(SIGKILL), "");
  EXPECT_EQ(Open().checkpoint, Number(0));
}

TEST_F(FileSinkTest, DiesAfterTheBlockIsWritten) {
  EXPECT_EXIT(
      {
        const OpenedSink opened =
            Open({.kill_at_commit = 2,
                  .kill_point = FileSink::KillPoint::kAfterBlock});
        static_cast<void>(opened.sink->Commit(Number(0)));
        static_cast<void>(opened.sink->Commit(Number(1)));
      },
      testing::KilledBySignal(SIGKILL), "");
  EXPECT_EQ(Open().checkpoint, Number(1));
}

}  // namespace
}  // namespace binferry::worker
