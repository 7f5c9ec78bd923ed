#include "worker/binlog/event_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/testing/event_builder.h"

namespace binferry::worker {
namespace {

using ::testing::HasSubstr;

TEST(EventHeaderTest, ReadsEveryField) {
  EventBuilder binlog({.server_id = 0xdeadbeef});
  binlog.set_clock(1'700'000'001'000'000);
  const std::string event = binlog.Raw(99, "body", 0x80);
  const absl::StatusOr<EventHeader> header = ParseEventHeader(AsBytes(event));
  ASSERT_THAT(header, IsOk());
  EXPECT_EQ(header->timestamp, 1'700'000'001u);
  EXPECT_EQ(header->type, 99);
  EXPECT_EQ(header->server_id, 0xdeadbeef);
  EXPECT_EQ(header->event_size, event.size());
  EXPECT_EQ(header->log_pos, 4 + event.size());
  EXPECT_TRUE(header->has_flag(EventHeader::kIgnorable));
  EXPECT_FALSE(header->has_flag(EventHeader::kArtificial));
}

TEST(EventHeaderTest, RefusesOtherSizes) {
  const std::string event = EventBuilder().Xid(1);
  EXPECT_THAT(ParseEventHeader(AsBytes(event.substr(0, 18))),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("18 bytes")));
  EXPECT_THAT(ParseEventHeader(AsBytes(event.substr(0, 20))),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("XID (16)")));
  EXPECT_THAT(ParseEventHeader(AsBytes(event + "x")),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST(EventHeaderTest, NamesTypes) {
  EXPECT_EQ(EventTypeName(39), "PARTIAL_UPDATE_ROWS (39)");
  EXPECT_EQ(EventTypeName(43), "LARGE_TRANSACTION_HEADER (43)");
  EXPECT_EQ(EventTypeName(44), "unknown event (44)");
  EXPECT_EQ(EventTypeName(162), "MariaDB GTID (162)");
  EXPECT_EQ(EventTypeName(172), "unknown event (172)");
  EXPECT_EQ(EventTypeName(255), "unknown event (255)");
}

}  // namespace
}  // namespace binferry::worker
