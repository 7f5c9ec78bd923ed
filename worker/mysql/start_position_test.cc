#include "worker/mysql/start_position.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;

constexpr char kUuid[] = "0a10f000-0000-11ef-8000-000000000001";
constexpr char kOther[] = "ff10f000-0000-11ef-8000-000000000002";

GtidSet Set(const std::string& text) {
  auto set = GtidSet::Parse(text);
  EXPECT_THAT(set, IsOk());
  return *set;
}

std::string Ours(const std::string& rest) { return std::string(kUuid) + rest; }

SourceHistory History() {
  SourceHistory history;
  history.where = "db:3306";
  history.variables.server_uuid = kUuid;
  history.variables.gtid_mode = "ON";
  history.variables.gtid_executed = Set(Ours(":1-100"));
  history.variables.gtid_purged = Set(Ours(":1-20"));
  history.position = {{"binlog.000003", 500}, Set(Ours(":1-100"))};
  history.files = {{"binlog.000002", 900}, {"binlog.000003", 500}};
  return history;
}

SourceHistory HistoryWithoutGtids() {
  SourceHistory history = History();
  history.variables.gtid_mode = "OFF";
  history.variables.gtid_executed = GtidSet();
  history.variables.gtid_purged = GtidSet();
  history.position.gtid_executed = GtidSet();
  return history;
}

TEST(StartPositionTest, NowIsTheExecutedSetWhereThereAreGtids) {
  const auto now = ResolveStartPosition(StartNow{}, History());
  ASSERT_THAT(now, IsOk());
  EXPECT_TRUE(now->uses_gtid);
  EXPECT_EQ(now->gtid_set, Ours(":1-100"));
  EXPECT_EQ(now->file, "binlog.000003");
  EXPECT_EQ(now->position, 500);
  EXPECT_EQ(now->server_uuid, kUuid);
  EXPECT_EQ(now->number, 0);
}

TEST(StartPositionTest, NowIsThePositionWithoutGtids) {
  const auto now = ResolveStartPosition(StartNow{}, HistoryWithoutGtids());
  ASSERT_THAT(now, IsOk());
  EXPECT_FALSE(now->uses_gtid);
  EXPECT_EQ(now->gtid_set, "");
  EXPECT_EQ(now->file, "binlog.000003");
  EXPECT_EQ(now->position, 500);
}

TEST(StartPositionTest, NowAboveFourGibNeedsGtids) {
  SourceHistory history = HistoryWithoutGtids();
  history.position.coordinates.position = uint64_t{5} << 30;
  EXPECT_THAT(ResolveStartPosition(StartNow{}, history),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("4 GiB")));
}

TEST(StartPositionTest, TakesAGtidSetThatLacksNothingPurged) {
  const auto start =
      ResolveStartPosition(StartAfterGtidSet{Ours(":30-50:1-29")}, History());
  ASSERT_THAT(start, IsOk());
  EXPECT_TRUE(start->uses_gtid);
  EXPECT_EQ(start->gtid_set, Ours(":1-50"));
  EXPECT_EQ(start->file, "");
}

TEST(StartPositionTest, APurgedTransactionIsDataLossAndListed) {
  EXPECT_THAT(
      ResolveStartPosition(StartAfterGtidSet{Ours(":1-4:10-100")}, History()),
      StatusIs(StatusCode::kDataLoss,
               AllOf(HasSubstr(Ours(":5-9")), HasSubstr("db:3306"))));
  EXPECT_THAT(ResolveStartPosition(StartAfterGtidSet{""}, History()),
              StatusIs(StatusCode::kDataLoss));
}

TEST(StartPositionTest, AnEmptySetReadsEverythingWhereNothingWasPurged) {
  SourceHistory history = History();
  history.variables.gtid_purged = GtidSet();
  const auto start = ResolveStartPosition(StartAfterGtidSet{""}, history);
  ASSERT_THAT(start, IsOk());
  EXPECT_TRUE(start->uses_gtid);
  EXPECT_EQ(start->gtid_set, "");
}

TEST(StartPositionTest, RefusesSetsOfAnotherServerOrAheadOfThisOne) {
  EXPECT_THAT(
      ResolveStartPosition(StartAfterGtidSet{absl::StrCat(kOther, ":1-5")},
                           History()),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("another server")));
  EXPECT_THAT(
      ResolveStartPosition(StartAfterGtidSet{Ours(":1-120")}, History()),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr(Ours(":101-120"))));
  // Foreign transactions beside ours are what a failover leaves.
  EXPECT_THAT(ResolveStartPosition(StartAfterGtidSet{absl::StrCat(
                                       Ours(":1-50,"), kOther, ":1-9")},
                                   History()),
              IsOk());
}

TEST(StartPositionTest, AGtidSetNeedsAParsableTextAndASourceWithGtids) {
  EXPECT_THAT(ResolveStartPosition(StartAfterGtidSet{"nonsense"}, History()),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("nonsense")));
  EXPECT_THAT(
      ResolveStartPosition(StartAfterGtidSet{Ours(":1-50")},
                           HistoryWithoutGtids()),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("gtid_mode=ON")));
}

TEST(StartPositionTest, CoordinatesStayCoordinatesAlsoWithGtids) {
  const auto start = ResolveStartPosition(
      StartAtCoordinates{{"binlog.000002", 900}}, History());
  ASSERT_THAT(start, IsOk());
  EXPECT_FALSE(start->uses_gtid);
  EXPECT_EQ(start->gtid_set, "");
  EXPECT_EQ(start->file, "binlog.000002");
  EXPECT_EQ(start->position, 900);
}

TEST(StartPositionTest, RefusesCoordinatesThatAreNotThere) {
  const auto resolve = [](const std::string& file, uint64_t position) {
    SourceHistory history = History();
    history.files.push_back({"binlog.000004", uint64_t{6} << 30});
    return ResolveStartPosition(StartAtCoordinates{{file, position}}, history);
  };
  EXPECT_THAT(resolve("binlog.000001", 4),
              StatusIs(StatusCode::kFailedPrecondition,
                       HasSubstr("binlog.000002 to binlog.000004")));
  EXPECT_THAT(resolve("binlog.000002", 901),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("900")));
  EXPECT_THAT(resolve("binlog.000004", uint64_t{5} << 30),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("4 GiB")));
  EXPECT_THAT(resolve("binlog.000002", 3),
              StatusIs(StatusCode::kInvalidArgument));
}

Checkpoint At(const std::string& gtid_set) {
  Checkpoint checkpoint;
  checkpoint.uses_gtid = true;
  checkpoint.server_uuid = kUuid;
  checkpoint.gtid_set = gtid_set;
  return checkpoint;
}

TEST(ResumeTest, GoesOnWhereNothingIsMissing) {
  const SourceVariables variables = History().variables;
  EXPECT_THAT(CheckResumable(At(Ours(":1-50")), variables, "db:1"), IsOk());
  // After a failover the server is another and its history the same.
  Checkpoint failed_over = At(Ours(":1-50"));
  failed_over.server_uuid = kOther;
  EXPECT_THAT(CheckResumable(failed_over, variables, "db:1"), IsOk());
}

TEST(ResumeTest, TellsPurgedLostAndForeignHistoriesApart) {
  const SourceVariables variables = History().variables;
  EXPECT_THAT(CheckResumable(At(Ours(":1-10")), variables, "db:1"),
              StatusIs(StatusCode::kDataLoss, HasSubstr(Ours(":11-20"))));
  EXPECT_THAT(CheckResumable(At(Ours(":1-101")), variables, "db:1"),
              StatusIs(StatusCode::kDataLoss, HasSubstr(Ours(":101"))));
  EXPECT_THAT(
      CheckResumable(At(absl::StrCat(kOther, ":1-3")), variables, "db:1"),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("another server")));
}

TEST(ResumeTest, AResetServerHasLostWhatWeRead) {
  SourceVariables variables = History().variables;
  variables.gtid_executed = GtidSet();
  variables.gtid_purged = GtidSet();
  EXPECT_THAT(CheckResumable(At(Ours(":1-50")), variables, "db:1"),
              StatusIs(StatusCode::kDataLoss));
}

TEST(ResumeTest, GtidsSwitchedOffAreNamed) {
  SourceVariables variables = History().variables;
  variables.gtid_mode = "OFF_PERMISSIVE";
  EXPECT_THAT(
      CheckResumable(At(Ours(":1-50")), variables, "db:1"),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("OFF_PERMISSIVE")));
}

TEST(ResumeTest, AFilePositionHoldsOnItsOwnServerOnly) {
  const SourceVariables variables = HistoryWithoutGtids().variables;
  Checkpoint checkpoint;
  checkpoint.server_uuid = kUuid;
  checkpoint.file = "binlog.000002";
  checkpoint.position = 700;
  EXPECT_THAT(CheckResumable(checkpoint, variables, "db:1"), IsOk());
  checkpoint.position = uint64_t{1} << 32;
  EXPECT_THAT(CheckResumable(checkpoint, variables, "db:1"),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("4 GiB")));
  checkpoint.position = 700;
  checkpoint.server_uuid = kOther;
  EXPECT_THAT(CheckResumable(checkpoint, variables, "db:1"),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr(kOther)));
}

TEST(ResumeTest, FilesBehindTheCheckpointTellOfAResetOrARestore) {
  const SourceHistory history = History();
  const auto check = [&](const std::string& file, uint64_t position,
                         const std::string& uuid = kUuid) {
    Checkpoint checkpoint = At(Ours(":1-50"));
    checkpoint.server_uuid = uuid;
    checkpoint.file = file;
    checkpoint.position = position;
    return CheckSameFiles(checkpoint, history.variables, history.files, "db:1");
  };
  EXPECT_THAT(check("binlog.000003", 500), IsOk());
  EXPECT_THAT(check("binlog.000003", 501),
              StatusIs(StatusCode::kDataLoss, HasSubstr("was reset")));
  EXPECT_THAT(check("binlog.000004", 4),
              StatusIs(StatusCode::kDataLoss, HasSubstr("binlog.000003")));
  // Purged, but read; of another server; under another name; not known.
  EXPECT_THAT(check("binlog.000001", 4), IsOk());
  EXPECT_THAT(check("binlog.000009", 4, kOther), IsOk());
  EXPECT_THAT(check("mysql-bin.000009", 4), IsOk());
  EXPECT_THAT(check("", 4), IsOk());
}

TEST(ResumeTest, WithoutGtidsThePurgedFileIsDataLoss) {
  const SourceHistory history = HistoryWithoutGtids();
  Checkpoint checkpoint;
  checkpoint.server_uuid = kUuid;
  checkpoint.file = "binlog.000001";
  EXPECT_THAT(
      CheckSameFiles(checkpoint, history.variables, history.files, "db:1"),
      StatusIs(StatusCode::kDataLoss, HasSubstr("no longer has")));
}

}  // namespace
}  // namespace binferry::worker
