#include "worker/task/drain_end.h"

#include <gtest/gtest.h>

#include <string>

namespace binferry::worker {
namespace {

constexpr char kUuid[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

DrainEnd EndAt(const std::string& file, uint64_t position,
               const std::string& gtid_set = "") {
  DrainEnd end{.position = {}, .server_uuid = kUuid};
  end.position.mutable_coordinates()->set_file(file);
  end.position.mutable_coordinates()->set_position(position);
  end.position.set_gtid_set(gtid_set);
  return end;
}

Checkpoint At(const std::string& file, uint64_t position) {
  Checkpoint checkpoint;
  checkpoint.server_uuid = kUuid;
  checkpoint.file = file;
  checkpoint.position = position;
  return checkpoint;
}

Checkpoint AtGtid(const std::string& gtid_set) {
  Checkpoint checkpoint;
  checkpoint.server_uuid = kUuid;
  checkpoint.uses_gtid = true;
  checkpoint.gtid_set = gtid_set;
  return checkpoint;
}

std::string Gtids(const std::string& numbers) {
  return std::string(kUuid) + ":" + numbers;
}

TEST(DrainEndTest, IsReachedAtItsPlaceInTheSourcesFiles) {
  const DrainEnd end = EndAt("binlog.000009", 500);
  EXPECT_FALSE(HasReached(At("binlog.000009", 499), end));
  EXPECT_TRUE(HasReached(At("binlog.000009", 500), end));
  EXPECT_TRUE(HasReached(At("binlog.000010", 4), end));
  EXPECT_FALSE(HasReached(At("binlog.000008", 9999), end));
}

TEST(DrainEndTest, KnowsThatFileNumbersGrowBeyondSixDigits) {
  EXPECT_TRUE(HasReached(At("binlog.1000000", 4), EndAt("binlog.999999", 500)));
  EXPECT_FALSE(
      HasReached(At("binlog.999999", 900), EndAt("binlog.1000000", 4)));
}

TEST(DrainEndTest, IsReachedOnceTheSetIsThere) {
  const DrainEnd end = EndAt("binlog.000009", 500, Gtids("1-20"));
  EXPECT_FALSE(HasReached(AtGtid(Gtids("1-19")), end));
  EXPECT_TRUE(HasReached(AtGtid(Gtids("1-20")), end));
  EXPECT_TRUE(HasReached(AtGtid(Gtids("1-25")), end));
}

TEST(DrainEndTest, NeedsNoTransactionsThatNoBinlogHas) {
  const DrainEnd end = EndAt("binlog.000009", 500, Gtids("1-20"));
  Checkpoint checkpoint = AtGtid(Gtids("11-20"));
  checkpoint.file = "binlog.000009";
  checkpoint.position = 500;
  EXPECT_TRUE(HasReached(checkpoint, end));
  // On another server the same place is another one.
  checkpoint.server_uuid = "another";
  EXPECT_FALSE(HasReached(checkpoint, end));
}

TEST(DrainEndTest, IsNeverInsideATransaction) {
  Checkpoint checkpoint = At("binlog.000010", 4);
  checkpoint.rows_done = 1;
  EXPECT_FALSE(HasReached(checkpoint, EndAt("binlog.000009", 500)));
}

}  // namespace
}  // namespace binferry::worker
