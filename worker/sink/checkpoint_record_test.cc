#include "worker/sink/checkpoint_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using testing::HasSubstr;

Checkpoint FullCheckpoint() {
  Checkpoint checkpoint;
  checkpoint.task_uid = TaskUid("7d0e");
  checkpoint.epoch = Epoch(3);
  checkpoint.generation = Generation(2);
  checkpoint.number = 17;
  checkpoint.last_id = 18'446'744'073'709'551'615u;
  checkpoint.server_uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
  checkpoint.gtid_set = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:9";
  checkpoint.uses_gtid = true;
  checkpoint.file = "binlog.000042";
  checkpoint.position = 4'294'967'296;
  checkpoint.rows_done = 12;
  checkpoint.selection_fingerprint = 18'446'744'073'709'551'614u;
  checkpoint.source_time_ms = -1;
  checkpoint.inserts = 1;
  checkpoint.updates = 2;
  checkpoint.deletes = 3;
  checkpoint.records = 8;
  checkpoint.replaced_texts = 4;
  checkpoint.alerts = 5;
  checkpoint.resets = 6;
  checkpoint.partition_counts = {{"db-a", 3}, {"db-b", 1}};
  return checkpoint;
}

TEST(CheckpointRecordTest, SurvivesTheRoundTrip) {
  EXPECT_THAT(ParseCheckpoint(SerializeCheckpoint(FullCheckpoint())),
              IsOkAndHolds(FullCheckpoint()));
  Checkpoint small;
  small.task_uid = TaskUid("a");
  EXPECT_THAT(ParseCheckpoint(SerializeCheckpoint(small)), IsOkAndHolds(small));
}

TEST(CheckpointRecordTest, LeavesOutWhatEarlierWorkersDoNotKnow) {
  Checkpoint checkpoint = FullCheckpoint();
  checkpoint.selection_fingerprint = 0;
  checkpoint.replaced_texts = 0;
  checkpoint.alerts = 0;
  checkpoint.resets = 0;
  const std::string bytes = SerializeCheckpoint(checkpoint);
  EXPECT_THAT(bytes, testing::Not(HasSubstr("selectionFingerprint")));
  EXPECT_THAT(bytes, testing::Not(HasSubstr("replacedTexts")));
  EXPECT_THAT(bytes, testing::Not(HasSubstr("alerts")));
  EXPECT_THAT(bytes, testing::Not(HasSubstr("resets")));
  EXPECT_THAT(ParseCheckpoint(bytes), IsOkAndHolds(checkpoint));
}

TEST(CheckpointRecordTest, AnotherFormatVersionIsRefusedWithARemedy) {
  const std::string newer =
      absl::StrReplaceAll(SerializeCheckpoint(FullCheckpoint()),
                          {{"\"formatVersion\":1", "\"formatVersion\":2"}});
  EXPECT_THAT(ParseCheckpoint(newer),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("run the task on a worker of the version")));
}

TEST(CheckpointRecordTest, EveryFieldIsCheckedByName) {
  const std::string good = SerializeCheckpoint(FullCheckpoint());
  const std::pair<const char*, const char*> faults[] = {
      {"\"number\":17,", ""},
      {"\"number\":17", "\"number\":\"17\""},
      {"\"number\":17", "\"number\":-1"},
      {"\"number\":17", "\"number\":9223372036854775808"},
      {"\"lastId\":18446744073709551615", "\"lastId\":18446744073709551616"},
      {"\"rowsDone\":12", "\"rowsDone\":-12"},
      {"\"rowsDone\":12", "\"rowsDone\":12.5"},
      {"\"alerts\":5", "\"alerts\":-5"},
      {"\"usesGtid\":true", "\"usesGtid\":1"},
      {"\"db-b\":1", "\"db-b\":0"},
      {"\"db-b\":1", "\"db-b\":2147483648"},
      {"\"epoch\":3", "\"epoch\":3,\"later\":1"},
      {"\"taskUid\":\"7d0e\"", "\"taskUid\":\"\""},
  };
  for (const auto& [from, to] : faults) {
    const std::string bad = absl::StrReplaceAll(good, {{from, to}});
    ASSERT_NE(bad, good) << from;
    EXPECT_THAT(ParseCheckpoint(bad),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         HasSubstr("can't be read")))
        << to;
  }
}

TEST(CheckpointRecordTest, OtherBytesAreRefused) {
  for (const char* bytes : {"", "{", "[]", "null", "{}", "\xff\xfe", "17"}) {
    EXPECT_THAT(ParseCheckpoint(bytes),
                StatusIs(absl::StatusCode::kFailedPrecondition))
        << bytes;
  }
}

TEST(CheckpointRecordTest, KeyIsTaskAndEpoch) {
  const CheckpointKey key{TaskUid("7d0e-11"), Epoch(12)};
  EXPECT_EQ(SerializeCheckpointKey(key), "7d0e-11/12");
  EXPECT_EQ(ParseCheckpointKey("7d0e-11/12"), key);
  for (const char* bytes :
       {"", "/1", "a", "a/", "a/x", "a/-1", "a/01", "a/ 1", "a/+1"}) {
    EXPECT_EQ(ParseCheckpointKey(bytes), std::nullopt) << bytes;
  }
}

}  // namespace
}  // namespace binferry::worker
