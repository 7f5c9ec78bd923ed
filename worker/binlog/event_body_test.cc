// Bodies as servers of several versions wrote them; EventDecoder's tests go
// through the builder.
#include "worker/binlog/event_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"

namespace binferry::worker {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A recorded event, taken apart.
struct Recorded {
  explicit Recorded(absl::string_view hex)
      : bytes(absl::HexStringToBytes(hex)),
        header(ParseEventHeader(AsBytes(bytes)).value()) {}

  absl::Span<const uint8_t> body() const {
    return AsBytes(bytes).subspan(EventHeader::kBytes,
                                  bytes.size() - EventHeader::kBytes - 4);
  }

  std::string bytes;
  EventHeader header;
};

TEST(EventBodyTest, ReadsGtidsOfMysql56) {
  const Recorded event(
      "c0f8036b210100000030000000c70000000000019b3161d8e71711f1b06f02fc00000001"
      "010000000000000060e84ef6");
  const auto gtid = ParseGtid(event.header, event.body());
  ASSERT_THAT(gtid, IsOk());
  EXPECT_EQ(gtid->gtid->ToString(), "9b3161d8-e717-11f1-b06f-02fc00000001:1");
  EXPECT_EQ(gtid->original_commit_us, 0u);
  EXPECT_EQ(gtid->transaction_length, 0u);
}

TEST(EventBodyTest, ReadsGtidsOfMysql57) {
  const Recorded event(
      "c6f8036b210100000041000000db0000000000019d933b11e71711f1a2c802fc00000001"
      "010000000000000002000000000000000001000000000000009a28992f");
  const auto gtid = ParseGtid(event.header, event.body());
  ASSERT_THAT(gtid, IsOk());
  EXPECT_EQ(gtid->gtid->ToString(), "9d933b11-e717-11f1-a2c8-02fc00000001:1");
  EXPECT_EQ(gtid->original_commit_us, 0u);
}

TEST(EventBodyTest, ReadsGtidsOfMysql97) {
  const Recorded event(
      "30f9036b21010000004d000000eb000000000001db909059e71711f1b2c602fc00000001"
      "01000000000000000200000000000000000100000000000000fccd1161ed6006ce506201"
      "0063992fb6");
  const auto gtid = ParseGtid(event.header, event.body());
  ASSERT_THAT(gtid, IsOk());
  EXPECT_EQ(gtid->gtid->ToString(), "db909059-e717-11f1-b2c6-02fc00000001:1");
  EXPECT_EQ(gtid->original_commit_us, 1'795'422'512'336'380u);
  EXPECT_EQ(gtid->immediate_commit_us, 1'795'422'512'336'380u);
  EXPECT_EQ(gtid->transaction_length, 206u);
}

TEST(EventBodyTest, ReadsTaggedGtidsOfMysql97) {
  const Recorded event(
      "30f9036b2a0100000054000000dc3808000000027a000000026d0341024102b29d032e22"
      "c503c902190304f103000000020404060a6d797461670809030a21030c7fd18a1761ed60"
      "061089041283120ba3053b1e");
  const auto gtid = ParseGtid(event.header, event.body());
  ASSERT_THAT(gtid, IsOk());
  EXPECT_EQ(gtid->gtid->ToString(),
            "db909059-e717-11f1-b2c6-02fc00000001:mytag:1");
  EXPECT_EQ(gtid->original_commit_us, 1'795'422'512'712'401u);
  EXPECT_EQ(gtid->transaction_length, 290u);
}

TEST(EventBodyTest, RefusesTaggedGtidsCutAnywhere) {
  const Recorded event(
      "30f9036b2a0100000054000000dc3808000000027a000000026d0341024102b29d032e22"
      "c503c902190304f103000000020404060a6d797461670809030a21030c7fd18a1761ed60"
      "061089041283120ba3053b1e");
  for (size_t bytes = 0; bytes < event.body().size(); ++bytes) {
    EXPECT_THAT(
        ParseGtid(event.header, event.body().first(bytes)),
        StatusIs(absl::StatusCode::kDataLoss, HasSubstr("GTID_TAGGED (42)")));
  }
}

TEST(EventBodyTest, TakesTheOriginalCommitTimeOfAReplicatedTransaction) {
  const std::string body = absl::HexStringToBytes(
      absl::StrCat("00db909059e71711f1b2c602fc000000010100000000000000", "02",
                   "0000000000000000", "0100000000000000", "fccd1161ed6086",
                   "01000000000000", "fcd000"));
  EventHeader header;
  header.type = static_cast<uint8_t>(EventType::kGtid);
  const auto gtid = ParseGtid(header, AsBytes(body));
  ASSERT_THAT(gtid, IsOk());
  EXPECT_EQ(gtid->original_commit_us, 1u);
  EXPECT_EQ(gtid->immediate_commit_us, 1'795'422'512'336'380u);
  EXPECT_EQ(gtid->transaction_length, 208u);
}

TEST(EventBodyTest, ReadsQueriesOfMysql97) {
  const Recorded event(
      "30f9036b0201000000810000006c01000008000900000000000000010000"
      "2c000000000000010000004000000000060373746404ff00ff00ff000c017300110b0000"
      "000000000012ff001400730063726561746520646174616261736520732064656661756c"
      "74206368617261637465722073657420757466386d623438280b78");
  const auto query = ParseQuery(event.header, event.body());
  ASSERT_THAT(query, IsOk());
  EXPECT_EQ(query->thread_id, 9u);
  EXPECT_EQ(query->database, "s");
  EXPECT_EQ(query->text, "create database s default character set utf8mb4");
  EXPECT_EQ(query->sql_mode, 1'073'741'824u);
  EXPECT_EQ(query->client_collation, 255);
}

TEST(EventBodyTest, ReadsLoadDataAsItsStatement) {
  const Recorded event(
      "30f9036b1201000000e1000000403f080000000900000000000000010000210001000000"
      "090000002a000000000000000000010000004000000000060373746404ff00ff00ff000c"
      "01730012ff0073004c4f4144204441544120494e46494c4520272f746d702f73742d7361"
      "6d706c652e7478742720494e544f205441424c452060737460204649454c445320544552"
      "4d494e4154454420425920275c742720454e434c4f534544204259202727204553434150"
      "454420425920275c5c27204c494e4553205445524d494e4154454420425920275c6e2720"
      "2860796029d0eeb618");
  const auto query = ParseQuery(event.header, event.body());
  ASSERT_THAT(query, IsOk());
  EXPECT_EQ(query->database, "s");
  EXPECT_THAT(std::string(query->text), StartsWith("LOAD DATA INFILE '/tmp/"));
}

TEST(EventBodyTest, ReadsQueriesWithUnknownStatusVariables) {
  // sql_mode, then a variable 222 whose length nobody knows.
  const std::string body = absl::HexStringToBytes(
      absl::StrCat("09000000", "00000000", "01", "0700", "0c00",
                   "010800000000000000", "de0102", "64", "00", "424547494e"));
  EventHeader header;
  header.type = static_cast<uint8_t>(EventType::kQuery);
  const auto query = ParseQuery(header, AsBytes(body));
  ASSERT_THAT(query, IsOk());
  EXPECT_EQ(query->text, "BEGIN");
  EXPECT_EQ(query->error_code, 7);
  EXPECT_EQ(query->sql_mode, 8u);
  EXPECT_EQ(query->client_collation, std::nullopt);
}

TEST(EventBodyTest, ReadsHeartbeatsOfVersion2) {
  const std::string body =
      absl::HexStringToBytes("010d62696e6c6f672e3030303030310203fc1f0700");
  EventHeader header;
  header.type = static_cast<uint8_t>(EventType::kHeartbeatV2);
  const auto heartbeat = ParseHeartbeat(header, AsBytes(body));
  ASSERT_THAT(heartbeat, IsOk());
  EXPECT_EQ(heartbeat->file, "binlog.000001");
  EXPECT_EQ(heartbeat->position, 0x071fu);
}

TEST(EventBodyTest, ReadsRowsWithExtraBytes) {
  // A partitioned table's rows, with flags beyond the known ones: one INT.
  const std::string body = absl::HexStringToBytes(absl::StrCat(
      "780000000000", "1300", "0500", "010100", "01", "ff", "00", "2a000000"));
  const auto rows =
      ParseRows(static_cast<uint8_t>(EventType::kWriteRows), AsBytes(body));
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->table_id, 0x78u);
  EXPECT_TRUE(rows->ends_statement);
  EXPECT_EQ(rows->column_count, 1u);
  EXPECT_EQ(rows->before_columns.size(), 0u);
  EXPECT_EQ(rows->after_columns.size(), 1u);
  EXPECT_EQ(rows->rows.size(), 5u);
}

TEST(EventBodyTest, RefusesRowsThatMakeNoSense) {
  const auto parse = [](absl::string_view hex) {
    const std::string body = absl::HexStringToBytes(hex);
    return ParseRows(static_cast<uint8_t>(EventType::kUpdateRows),
                     AsBytes(body))
        .status();
  };
  EXPECT_THAT(parse(""), StatusIs(absl::StatusCode::kDataLoss));
  // Fewer extra bytes than their own count; more than there are.
  EXPECT_THAT(parse("7800000000000100010001ffff"),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(parse("7800000000000100ff0001ffff"),
              StatusIs(absl::StatusCode::kDataLoss));
  // 65,535 columns; a missing bitmap.
  EXPECT_THAT(parse("78000000000001000200fcffff"),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(parse("7800000000000100020001ff"),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(parse("7800000000000100020001ffff"), IsOk());
}

}  // namespace
}  // namespace binferry::worker
