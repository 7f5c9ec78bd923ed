#include "worker/mysql/binlog_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/testing/event_builder.h"
#include "worker/binlog/testing/scripted_binlog_source.h"

namespace binferry::worker {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::Eq;
using testing::HasSubstr;
using testing::SizeIs;

constexpr char kUuid[] = "0a10f000-0000-11ef-8000-000000000001";

absl::Time Second(int64_t second) {
  return absl::FromUnixSeconds(1'800'000'000 + second);
}

// A server with files of transactions at given seconds; a file is begun at the
// second of the last transaction before it, the first one at 0.
class BinlogTimeTest : public testing::Test {
 protected:
  enum class Gtids { kOn, kOff };

  // Each inner list is a file.
  BinlogTimeline Timeline(const std::vector<std::vector<int64_t>>& files,
                          Gtids gtids = Gtids::kOn) {
    BinlogTimeline timeline;
    timeline.where = "db:3306";
    uint64_t number = purged_;
    int64_t last = 0;
    for (size_t i = 0; i < files.size(); ++i) {
      const std::string name = absl::StrFormat("binlog.%06d", i + 1);
      timeline.files.push_back({name, 1000});
      EventBuilder builder({.file = name});
      std::vector<std::string>& events = events_[name];
      builder.set_clock(Micros(last));
      events = {builder.FormatDescription(),
                builder.PreviousGtids(Executed(number))};
      for (const int64_t second : files[i]) {
        builder.set_clock(Micros(second));
        starts_[second] = {name, builder.position()};
        events.push_back(gtids == Gtids::kOn ? builder.Gtid(OwnGtid(++number))
                                             : builder.AnonymousGtid());
        events.push_back(builder.Query("", "BEGIN"));
        events.push_back(builder.Xid(number));
        last = second;
      }
      if (i + 1 < files.size())
        events.push_back(builder.Rotate(absl::StrFormat("binlog.%06d", i + 2)));
    }
    timeline.open = [this](const std::string& file) { return Open(file); };
    return timeline;
  }

  absl::StatusOr<std::unique_ptr<BinlogSource>> Open(const std::string& file) {
    opened_.push_back(file);
    if (file <= refused_)
      return std::make_unique<ScriptedBinlogSource>(
          std::vector<std::string>(), absl::UnimplementedError("gtid_mode"));
    EventBuilder builder({.file = file});
    std::vector<std::string> events = {builder.FakeRotate()};
    for (auto it = events_.find(file); it != events_.end(); ++it)
      events.insert(events.end(), it->second.begin(), it->second.end());
    return std::make_unique<ScriptedBinlogSource>(
        std::move(events), absl::OutOfRangeError("the end"));
  }

  static uint64_t Micros(int64_t second) {
    return static_cast<uint64_t>(absl::ToUnixMicros(Second(second)));
  }

  static Gtid OwnGtid(uint64_t number) {
    const auto set = GtidSet::Parse(absl::StrCat(kUuid, ":1"));
    Gtid gtid;
    const std::string encoded = set->Encode();
    for (size_t i = 0; i < gtid.origin.uuid.size(); ++i)
      gtid.origin.uuid[i] = static_cast<uint8_t>(encoded[8 + i]);
    gtid.number = number;
    return gtid;
  }

  static GtidSet Executed(uint64_t last) {
    if (last == 0) return GtidSet();
    return *GtidSet::Parse(absl::StrCat(kUuid, ":1-", last));
  }

  uint64_t purged_ = 0;
  std::string refused_;  // Files up to this one were written in another mode.
  std::map<std::string, std::vector<std::string>> events_;
  std::map<int64_t, Coordinates> starts_;
  std::vector<std::string> opened_;
};

TEST_F(BinlogTimeTest, FindsTheFirstGroupAtOrAfterEveryTime) {
  const std::vector<std::vector<int64_t>> files = {
      {10, 20}, {30, 40}, {50}, {60, 70}};
  const BinlogTimeline timeline = Timeline(files);
  uint64_t executed = 0;
  int64_t before = 5;
  for (const std::vector<int64_t>& file : files) {
    for (const int64_t second : file) {
      // Just behind the transaction before, and exactly at this one.
      for (const absl::Time time :
           {Second(before) + absl::Microseconds(1), Second(second)}) {
        const auto group = FindFirstSince(time, timeline, {});
        ASSERT_THAT(group, IsOk());
        ASSERT_TRUE(group->has_value()) << time;
        EXPECT_EQ((*group)->start, starts_[second]) << time;
        EXPECT_EQ((*group)->commit_time, Second(second));
        EXPECT_EQ((*group)->executed_before, Executed(executed)) << time;
        EXPECT_EQ((*group)->gtid->number, executed + 1);
      }
      before = second;
      ++executed;
    }
  }
  EXPECT_THAT(FindFirstSince(Second(70) + absl::Microseconds(1), timeline, {}),
              IsOkAndHolds(Eq(std::nullopt)));
}

TEST_F(BinlogTimeTest, FilesWithoutTransactionsDoNotMislead) {
  const BinlogTimeline timeline =
      Timeline({{10}, {}, {}, {20, 30}, {}, {}, {}});
  const auto between = FindFirstSince(Second(15), timeline, {});
  ASSERT_THAT(between, IsOk());
  ASSERT_TRUE(between->has_value());
  EXPECT_EQ((*between)->start, starts_[20]);
  EXPECT_EQ((*between)->executed_before, Executed(1));
  EXPECT_THAT(FindFirstSince(Second(31), timeline, {}),
              IsOkAndHolds(Eq(std::nullopt)));
}

TEST_F(BinlogTimeTest, OfManyFilesFewAreOpened) {
  std::vector<std::vector<int64_t>> files;
  for (int64_t i = 0; i < 1000; ++i) files.push_back({i * 10 + 10});
  const BinlogTimeline timeline = Timeline(files);
  const auto group = FindFirstSince(Second(4321), timeline, {});
  ASSERT_THAT(group, IsOk());
  EXPECT_EQ((*group)->start, starts_[4330]);
  EXPECT_LE(opened_.size(), 12u);
}

TEST_F(BinlogTimeTest, ATimeBeforeTheOldestFileIsRefused) {
  purged_ = 7;
  const BinlogTimeline timeline = Timeline({{10}, {20}});
  EXPECT_THAT(FindFirstSince(Second(-1), timeline, {}),
              StatusIs(StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("binlog.000001"), HasSubstr("purged"),
                             HasSubstr("start at a later time"))));
  // From the oldest file's beginning on nothing is missing.
  const auto group = FindFirstSince(Second(0), timeline, {});
  ASSERT_THAT(group, IsOk());
  EXPECT_EQ((*group)->start, starts_[10]);
  EXPECT_EQ((*group)->executed_before, Executed(7));
}

TEST_F(BinlogTimeTest, FilesOfAnotherGtidModeAreLeftOut) {
  const BinlogTimeline timeline = Timeline({{10}, {20}, {30}, {40}, {50}});
  refused_ = "binlog.000003";
  for (const int64_t second : {31, 40, 41, 50}) {
    const auto group = FindFirstSince(Second(second), timeline, {});
    ASSERT_THAT(group, IsOk()) << second;
    EXPECT_EQ((*group)->start, starts_[second > 40 ? 50 : 40]) << second;
  }
  EXPECT_THAT(FindFirstSince(Second(51), timeline, {}),
              IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(FindFirstSince(Second(29), timeline, {}),
              StatusIs(StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("binlog.000004"),
                             HasSubstr("another gtid_mode"))));
  refused_ = "binlog.000005";
  EXPECT_THAT(FindFirstSince(Second(51), timeline, {}),
              StatusIs(StatusCode::kUnimplemented));
}

TEST_F(BinlogTimeTest, WithoutGtidsOnlyThePlaceIsTold) {
  const BinlogTimeline timeline = Timeline({{10}, {20}}, Gtids::kOff);
  const auto group = FindFirstSince(Second(20), timeline, {});
  ASSERT_THAT(group, IsOk());
  EXPECT_EQ((*group)->start, starts_[20]);
  EXPECT_FALSE((*group)->gtid.has_value());
  EXPECT_TRUE((*group)->executed_before.empty());
}

TEST_F(BinlogTimeTest, StopsWhenTold) {
  const BinlogTimeline timeline = Timeline({{10}, {20}});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THAT(FindFirstSince(Second(20), timeline, stop.get_token()),
              StatusIs(StatusCode::kCancelled));
  EXPECT_THAT(opened_, SizeIs(0));
}

}  // namespace
}  // namespace binferry::worker
