#include "worker/decode/line_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

// A pipe of which the test has both ends.
class LineWriterTest : public testing::Test {
 protected:
  LineWriterTest() {
    signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(pipe2(ends_.data(), O_NONBLOCK), 0);
  }
  ~LineWriterTest() override {
    for (const int end : ends_) close(end);
  }

  std::string Received() {
    std::string text(1 << 20, '\0');
    const ssize_t count = read(ends_[0], text.data(), text.size());
    text.resize(count < 0 ? 0 : static_cast<size_t>(count));
    return text;
  }

  std::array<int, 2> ends_{};
};

TEST_F(LineWriterTest, WritesLinesInBatches) {
  LineWriter writer(ends_[1], LineWriter::Pace::kBatches);
  *writer.line() += "a";
  ASSERT_THAT(writer.EndLine(), IsOk());
  *writer.line() += "b";
  ASSERT_THAT(writer.EndLine(), IsOk());
  EXPECT_EQ(Received(), "");
  ASSERT_THAT(writer.Flush(), IsOk());
  EXPECT_EQ(Received(), "a\nb\n");
}

TEST_F(LineWriterTest, WritesEachLineForOneWhoWaits) {
  LineWriter writer(ends_[1], LineWriter::Pace::kLines);
  *writer.line() += "a";
  ASSERT_THAT(writer.EndLine(), IsOk());
  EXPECT_EQ(Received(), "a\n");
}

TEST_F(LineWriterTest, TellsThatNobodyReadsAnyMore) {
  LineWriter writer(ends_[1], LineWriter::Pace::kLines);
  close(std::exchange(ends_[0], -1));
  *writer.line() += "a";
  EXPECT_THAT(writer.EndLine(), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(LineWriterTest, WaitsForASlowReader) {
  // Whoever shares the pipe may have made it one that doesn't wait.
  const std::string line(size_t{1} << 18, 'x');
  std::string received;
  std::jthread reader([&](const std::stop_token& stop) {
    while (received.size() <= line.size() && !stop.stop_requested()) {
      received += Received();
    }
  });
  LineWriter writer(ends_[1], LineWriter::Pace::kLines);
  *writer.line() += line;
  const absl::Status status = writer.EndLine();
  EXPECT_THAT(status, IsOk());
  if (!status.ok()) reader.request_stop();
  reader.join();
  EXPECT_TRUE(received == line + "\n");
}

TEST(LineWriterDiskTest, TellsThatTheDiskIsFull) {
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  LineWriter writer(full, LineWriter::Pace::kLines);
  EXPECT_THAT(writer.EndLine(), StatusIs(absl::StatusCode::kResourceExhausted,
                                         testing::HasSubstr("No space")));
  close(full);
}

}  // namespace
}  // namespace binferry::worker
