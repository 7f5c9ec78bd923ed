#include "worker/binlog/testing/scripted_binlog_source.h"

#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"

namespace binferry::worker {
namespace {

TEST(ScriptedBinlogSourceTest, PlaysItsEventsAndEnds) {
  ScriptedBinlogSource source({"one", "two"}, absl::OutOfRangeError("end"));
  EXPECT_EQ(AsText(source.Next().value()), "one");
  EXPECT_EQ(AsText(source.Next().value()), "two");
  EXPECT_THAT(source.Next(), StatusIs(absl::StatusCode::kOutOfRange));
  source.Append({"three"});
  EXPECT_EQ(AsText(source.Next().value()), "three");
  EXPECT_THAT(source.Next(), StatusIs(absl::StatusCode::kOutOfRange));
}

TEST(ScriptedBinlogSourceTest, IsInterruptedForGood) {
  ScriptedBinlogSource source({"one"});
  source.Interrupt();
  EXPECT_THAT(source.Next(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(source.Next(), StatusIs(absl::StatusCode::kCancelled));
}

TEST(ScriptedBinlogSourceTest, WaitsForItsEnd) {
  ScriptedBinlogSource source({"one"});
  EXPECT_EQ(AsText(source.Next().value()), "one");
  source.End(absl::UnavailableError("cut"));
  EXPECT_THAT(source.Next(), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace binferry::worker
