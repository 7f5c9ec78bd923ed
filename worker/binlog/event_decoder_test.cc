#include "worker/binlog/event_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/testing/event_builder.h"
#include "worker/binlog/testing/value_bytes.h"

namespace binferry::worker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Gtid TestGtid(absl::string_view tag = "") {
  Gtid gtid;
  for (size_t i = 0; i < 16; ++i) {
    gtid.origin.uuid[i] = static_cast<uint8_t>(i * 17);
  }
  gtid.origin.tag = std::string(tag);
  gtid.number = 1234567;
  return gtid;
}

class EventDecoderTest : public ::testing::Test {
 protected:
  EventFrame Frame(const std::string& event) {
    event_ = event;
    const absl::StatusOr<EventFrame> frame = decoder_.Frame(AsBytes(event_));
    EXPECT_THAT(frame, IsOk());
    return frame.value_or(EventFrame());
  }

  // The content of `event`, the next of the stream, which must be a T.
  template <typename T>
  T Decode(const std::string& event) {
    const absl::StatusOr<Event> decoded = decoder_.Decode(Frame(event));
    EXPECT_THAT(decoded, IsOk());
    if (!decoded.ok() || !std::holds_alternative<T>(*decoded)) {
      ADD_FAILURE() << "another event";
      return T();
    }
    return std::get<T>(*decoded);
  }

  absl::Status FrameError(const std::string& event) {
    return decoder_.Frame(AsBytes(event)).status();
  }

  void StartStream() {
    Frame(binlog_.FakeRotate());
    Frame(binlog_.FormatDescription());
  }

  // A stream without checksums that begins in the middle of a file, with a
  // format description that stands nowhere.
  void StartStreamAt(uint64_t position) {
    binlog_ = EventBuilder(
        {.position = position, .checksum = ChecksumAlgorithm::kNone});
    Frame(binlog_.FakeRotate());
    std::string format = EventBuilder({.checksum = ChecksumAlgorithm::kNone})
                             .FormatDescription();
    format.replace(13, 4, LittleEndian(0, 4));
    Frame(format);
  }

  EventBuilder binlog_;
  EventDecoder decoder_;
  std::string event_;  // What views point into.
};

TEST_F(EventDecoderTest, DecodesTheStartOfAStream) {
  const auto rotate = Decode<RotateEvent>(binlog_.FakeRotate());
  EXPECT_EQ(rotate.file, "binlog.000001");
  EXPECT_EQ(rotate.position, 4u);
  EXPECT_TRUE(rotate.is_artificial);
  const auto format =
      Decode<FormatDescriptionEvent>(binlog_.FormatDescription());
  EXPECT_EQ(format.server_version, "9.7.4");
  EXPECT_FALSE(format.is_server_start);
  EXPECT_EQ(format.checksum, ChecksumAlgorithm::kCrc32);
  const auto previous =
      Decode<PreviousGtidsEvent>(binlog_.PreviousGtids(GtidSet()));
  EXPECT_THAT(GtidSet::Decode(previous.encoded), IsOkAndHolds(GtidSet()));
  EXPECT_EQ(decoder_.file(), "binlog.000001");
  EXPECT_EQ(decoder_.position(), binlog_.position());
}

TEST_F(EventDecoderTest, TellsServerStarts) {
  Frame(binlog_.FakeRotate());
  EXPECT_TRUE(Decode<FormatDescriptionEvent>(
                  binlog_.FormatDescription(/*is_server_start=*/true))
                  .is_server_start);
}

TEST_F(EventDecoderTest, DecodesGtids) {
  StartStream();
  binlog_.set_clock(1'795'422'512'336'380);
  const auto event = Decode<GtidEvent>(binlog_.Gtid(TestGtid(), 70'000));
  EXPECT_EQ(event.gtid, TestGtid());
  EXPECT_EQ(event.original_commit_us, 1'795'422'512'336'380u);
  EXPECT_EQ(event.transaction_length, 70'000u);
}

TEST_F(EventDecoderTest, DecodesTaggedGtids) {
  StartStream();
  const auto event =
      Decode<GtidEvent>(binlog_.Gtid(TestGtid("tagx"), 5'000'000'000));
  EXPECT_EQ(event.gtid, TestGtid("tagx"));
  EXPECT_EQ(event.original_commit_us, binlog_.clock());
  EXPECT_EQ(event.transaction_length, 5'000'000'000u);
}

TEST_F(EventDecoderTest, DecodesAnonymousGtids) {
  StartStream();
  const auto event = Decode<GtidEvent>(binlog_.AnonymousGtid(99));
  EXPECT_EQ(event.gtid, std::nullopt);
  EXPECT_EQ(event.original_commit_us, binlog_.clock());
  EXPECT_EQ(event.transaction_length, 99u);
}

TEST_F(EventDecoderTest, DecodesQueries) {
  StartStream();
  const auto query = Decode<QueryEvent>(binlog_.Query("shop", "drop table t"));
  EXPECT_EQ(query.database, "shop");
  EXPECT_EQ(query.text, "drop table t");
  EXPECT_EQ(query.error_code, 0);
  EXPECT_EQ(query.sql_mode, 0u);
  EXPECT_EQ(query.client_collation, 255);
}

TEST_F(EventDecoderTest, DecodesTheEndOfATransactionAndOfAServer) {
  StartStream();
  EXPECT_EQ(Decode<XidEvent>(binlog_.Xid(77)).xid, 77u);
  Decode<StopEvent>(binlog_.Stop());
}

TEST_F(EventDecoderTest, DecodesHeartbeatsOfBothVersions) {
  StartStream();
  const auto first = Decode<HeartbeatEvent>(binlog_.Heartbeat());
  EXPECT_EQ(first.file, "binlog.000001");
  EXPECT_EQ(first.position, binlog_.position());
  const auto second = Decode<HeartbeatEvent>(binlog_.HeartbeatV2());
  EXPECT_EQ(second.file, "binlog.000001");
  EXPECT_EQ(second.position, binlog_.position());
}

TEST_F(EventDecoderTest, TellsWhereEachEventStarts) {
  StartStream();
  const uint64_t start = binlog_.position();
  EXPECT_EQ(Frame(binlog_.Query("", "BEGIN")).position, start);
  EXPECT_EQ(decoder_.position(), binlog_.position());
  EXPECT_EQ(Frame(binlog_.Heartbeat()).position, binlog_.position());
}

TEST_F(EventDecoderTest, StartsInTheMiddleOfAFile) {
  EventBuilder binlog({.file = "b.000007", .position = 5000});
  Frame(binlog.FakeRotate());
  // The synthetic format description of a dump stands in no file.
  std::string format = EventBuilder().FormatDescription();
  for (size_t i = 13; i < 17; ++i) format[i] = '\0';
  format.resize(format.size() - 4);
  format += std::string(4, '\0');
  EXPECT_THAT(FrameError(format),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("checksum")));

  EventDecoder decoder;
  decoder_ = decoder;
  StartStreamAt(5000);
  EXPECT_EQ(decoder_.place().ToString(), "binlog.000001:5000");
  Frame(binlog_.Xid(1));
  EXPECT_EQ(decoder_.position(), binlog_.position());
}

TEST_F(EventDecoderTest, FollowsRotations) {
  StartStream();
  const auto rotate = Decode<RotateEvent>(binlog_.Rotate("binlog.000002"));
  EXPECT_FALSE(rotate.is_artificial);
  EXPECT_EQ(decoder_.place().ToString(), "binlog.000002:4");
  Frame(binlog_.FakeRotate());
  Frame(binlog_.FormatDescription());
  EXPECT_EQ(decoder_.position(), binlog_.position());
  EXPECT_EQ(decoder_.Locate(absl::InternalError("x")).message(),
            "x, at binlog.000002:4");
}

TEST_F(EventDecoderTest, ReadsStreamsWithoutChecksums) {
  binlog_ = EventBuilder({.checksum = ChecksumAlgorithm::kNone});
  StartStream();
  EXPECT_EQ(Decode<XidEvent>(binlog_.Xid(7)).xid, 7u);
}

TEST_F(EventDecoderTest, ReadsARotationWhoseChecksumDiffersFromTheFiles) {
  EventBuilder checked;
  EventBuilder unchecked({.checksum = ChecksumAlgorithm::kNone});
  EXPECT_EQ(Decode<RotateEvent>(unchecked.FakeRotate()).file, "binlog.000001");
  Frame(checked.FormatDescription());
  EXPECT_EQ(Decode<RotateEvent>(unchecked.FakeRotate()).file, "binlog.000001");
  Frame(unchecked.FormatDescription());
  EXPECT_EQ(Decode<RotateEvent>(EventBuilder().FakeRotate()).file,
            "binlog.000001");
}

TEST_F(EventDecoderTest, ReadsTheFormatOfAFileInUse) {
  Frame(binlog_.FakeRotate());
  std::string format = binlog_.FormatDescription();
  format[17] = EventHeader::kInUse;  // The checksum leaves it out.
  Frame(format);
}

TEST_F(EventDecoderTest, RefusesEveryFlippedBitOfAnEvent) {
  StartStream();
  const std::string good = binlog_.Query("d", "BEGIN");
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << (bit % 8));
    EventDecoder decoder = decoder_;
    EXPECT_FALSE(decoder.Frame(AsBytes(bad)).ok()) << bit;
  }
  Frame(good);
}

TEST_F(EventDecoderTest, NamesThePlaceOfADamagedEvent) {
  StartStream();
  const std::string place = decoder_.place().ToString();
  std::string event = binlog_.Xid(1);
  event.back() = static_cast<char>(event.back() ^ 1);
  EXPECT_THAT(FrameError(event),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr("XID (16)"), HasSubstr("checksum"),
                             HasSubstr(place))));
}

TEST_F(EventDecoderTest, RefusesTruncatedEvents) {
  StartStream();
  const std::string good = binlog_.Xid(1);
  for (size_t bytes = 0; bytes < good.size(); ++bytes) {
    EventDecoder decoder = decoder_;
    EXPECT_THAT(decoder.Frame(AsBytes(good.substr(0, bytes))),
                StatusIs(absl::StatusCode::kDataLoss));
  }
}

TEST_F(EventDecoderTest, RefusesGapsAndRepetitions) {
  StartStream();
  const std::string first = binlog_.Xid(1);
  const std::string second = binlog_.Xid(2);
  EventDecoder decoder = decoder_;
  EXPECT_THAT(
      decoder.Frame(AsBytes(second)),
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("events are missing")));
  Frame(first);
  EXPECT_THAT(FrameError(first),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("doubled")));
}

TEST_F(EventDecoderTest, WantsTheFormatBeforeAnythingElse) {
  Frame(binlog_.FakeRotate());
  EXPECT_THAT(
      FrameError(binlog_.Xid(1)),
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("FORMAT_DESCRIPTION")));
}

TEST_F(EventDecoderTest, ADamagedFlagDoesNotExemptARotateFromItsChecksum) {
  StartStream();
  std::string rotate = binlog_.Rotate("binlog.000002");
  constexpr size_t kFlagsOffset = 17;
  rotate[kFlagsOffset] =
      static_cast<char>(rotate[kFlagsOffset] | EventHeader::kArtificial);
  EXPECT_THAT(FrameError(rotate),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("checksum")));
}

TEST_F(EventDecoderTest, CountsBeyondFourGigabytes) {
  StartStreamAt((uint64_t{1} << 32) - 30);
  Frame(binlog_.Xid(1));
  Frame(binlog_.Xid(2));
  EXPECT_GT(decoder_.position(), uint64_t{1} << 32);
  EXPECT_EQ(decoder_.position(), binlog_.position());
  EXPECT_EQ(Decode<HeartbeatEvent>(binlog_.Heartbeat()).position,
            binlog_.position());
}

TEST_F(EventDecoderTest, FollowsHeartbeatsOverTransactionsPassedOver) {
  StartStream();
  binlog_.SkipTo(9000);
  Frame(binlog_.Heartbeat());
  EXPECT_EQ(decoder_.position(), 9000u);
  Frame(binlog_.Xid(1));
  // Version 1 has 32 bits of it.
  binlog_.SkipTo(3'000'000'000);
  Frame(binlog_.Heartbeat());
  EXPECT_EQ(decoder_.position(), 3'000'000'000u);
  binlog_.SkipTo(5'000'000'000);
  Frame(binlog_.Heartbeat());
  EXPECT_EQ(decoder_.position(), 5'000'000'000u);
  binlog_.SkipTo(16'000'000'000);
  Frame(binlog_.HeartbeatV2());
  Frame(binlog_.Xid(1));
  EXPECT_EQ(decoder_.position(), binlog_.position());
}

TEST_F(EventDecoderTest, IgnoresHeartbeatsOfPlacesBehindIt) {
  StartStream();
  const std::string early = binlog_.Heartbeat();
  Frame(binlog_.Xid(1));
  const uint64_t position = decoder_.position();
  Frame(early);
  EXPECT_EQ(decoder_.position(), position);
}

TEST_F(EventDecoderTest, PassesOverHarmlessAndIgnorableEvents) {
  StartStream();
  for (const int type : {5, 9, 11, 13, 14, 17, 28, 36, 37}) {
    Decode<IgnoredEvent>(binlog_.Raw(static_cast<uint8_t>(type), "12345678"));
  }
  // LARGE_TRANSACTION_HEADER, and types of which nobody knows anything.
  for (const int type : {43, 99, 100, 255}) {
    Decode<IgnoredEvent>(binlog_.Raw(static_cast<uint8_t>(type),
                                     std::string(60, '*'),
                                     EventHeader::kIgnorable));
  }
  EXPECT_EQ(decoder_.position(), binlog_.position());
}

TEST_F(EventDecoderTest, NamesUnsupportedEventsAndARemedy) {
  StartStream();
  const auto mariadb = Decode<UnsupportedEvent>(binlog_.Raw(162, "?"));
  EXPECT_THAT(UnsupportedEventError(mariadb),
              StatusIs(absl::StatusCode::kUnimplemented,
                       AllOf(HasSubstr("MariaDB GTID (162)"),
                             HasSubstr("use a MySQL source"))));
  const auto unknown = Decode<UnsupportedEvent>(binlog_.Raw(99, "?"));
  EXPECT_THAT(UnsupportedEventError(unknown),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("(99)")));
  for (const int type : {20, 21, 22, 43, 100, 160, 171, 255, 0, 1}) {
    Decode<UnsupportedEvent>(binlog_.Raw(static_cast<uint8_t>(type), "?"));
  }
}

TEST_F(EventDecoderTest, DecodesIncidents) {
  StartStream();
  const auto event = Decode<IncidentEvent>(
      binlog_.Raw(26, LittleEndian(1, 2) + PackedBytes("lost in the cache")));
  EXPECT_EQ(event.number, 1);
  EXPECT_EQ(event.text, "lost in the cache");
  EXPECT_EQ(Decode<IncidentEvent>(binlog_.Raw(26, LittleEndian(1, 2))).text,
            "");
}

TEST_F(EventDecoderTest, DecodesPreparedXaTransactions) {
  StartStream();
  const auto event = Decode<XaPrepareEvent>(
      binlog_.Raw(38, LittleEndian(1, 1) + LittleEndian(7, 4) +
                          LittleEndian(3, 4) + LittleEndian(2, 4) + "abcde"));
  EXPECT_TRUE(event.is_one_phase);
  EXPECT_EQ(event.format_id, 7u);
  EXPECT_EQ(event.global_id, "abc");
  EXPECT_EQ(event.branch_id, "de");
}

TEST_F(EventDecoderTest, DecodesTheStatementsOfRows) {
  StartStream();
  const std::string statement = "UPDATE t SET a = " + std::string(300, '1');
  EXPECT_EQ(Decode<RowsQueryEvent>(binlog_.Raw(29, '\0' + statement)).sql,
            statement);
}

TEST_F(EventDecoderTest, DecodesRowsOfVersionOne) {
  StartStream();
  // Without extra row information; a write, an update and a delete.
  const std::string head = LittleEndian(7, 6) + LittleEndian(1, 2) + "\x02";
  const auto write = Decode<RowsEvent>(binlog_.Raw(23, head + "\x03rows"));
  EXPECT_EQ(write.kind, RowsEvent::Kind::kWrite);
  EXPECT_EQ(write.table_id, 7u);
  EXPECT_TRUE(write.ends_statement);
  EXPECT_EQ(write.column_count, 2u);
  EXPECT_EQ(AsText(write.after_columns), "\x03");
  EXPECT_EQ(AsText(write.rows), "rows");
  const auto update = Decode<RowsEvent>(binlog_.Raw(24, head + "\x01\x03rows"));
  EXPECT_EQ(update.kind, RowsEvent::Kind::kUpdate);
  EXPECT_EQ(AsText(update.before_columns), "\x01");
  EXPECT_EQ(AsText(update.after_columns), "\x03");
  EXPECT_EQ(AsText(update.rows), "rows");
  EXPECT_EQ(Decode<RowsEvent>(binlog_.Raw(25, head + "\x03rows")).kind,
            RowsEvent::Kind::kDelete);
}

TEST_F(EventDecoderTest, TellsPartialUpdates) {
  StartStream();
  const auto rows = Decode<RowsEvent>(
      binlog_.Raw(39, LittleEndian(7, 6) + LittleEndian(0, 2) +
                          LittleEndian(2, 2) + "\x02\x01\x03rows"));
  EXPECT_EQ(rows.kind, RowsEvent::Kind::kUpdate);
  EXPECT_TRUE(rows.is_partial);
  EXPECT_EQ(AsText(rows.rows), "rows");
  // As 8.0.33 writes it with log_bin_use_v1_row_events=ON.
  const EventFrame frame =
      Frame(binlog_.Raw(39, LittleEndian(7, 6) + LittleEndian(1, 2) +
                                "\x02\xff\xff" + std::string(50, '\1')));
  EXPECT_THAT(decoder_.Decode(frame),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("log_bin_use_v1_row_events")));
}

TEST_F(EventDecoderTest, KnowsAnEventThatEndsAtFourGigabytes) {
  // Its end is 0 in the header, as of events that stand nowhere.
  constexpr uint64_t kXidBytes = EventHeader::kBytes + 8;
  StartStreamAt((uint64_t{1} << 32) - kXidBytes);
  Frame(binlog_.Xid(1));
  EXPECT_EQ(decoder_.position(), uint64_t{1} << 32);
  Frame(binlog_.Xid(2));
  EXPECT_EQ(decoder_.position(), binlog_.position());
}

TEST_F(EventDecoderTest, FollowsChecksumsThatAreTurnedOffAndOn) {
  StartStream();
  Frame(binlog_.Xid(1));
  Frame(binlog_.Rotate("binlog.000002"));
  for (const ChecksumAlgorithm checksum :
       {ChecksumAlgorithm::kNone, ChecksumAlgorithm::kCrc32}) {
    binlog_ = EventBuilder({.file = "binlog.000002", .checksum = checksum});
    StartStream();
    EXPECT_EQ(Decode<XidEvent>(binlog_.Xid(2)).xid, 2u);
    Frame(binlog_.Heartbeat());
    Frame(binlog_.Rotate("binlog.000002"));
  }
}

TEST_F(EventDecoderTest, TellsTheDatabasesOfAStatement) {
  StartStream();
  EXPECT_EQ(Decode<QueryEvent>(binlog_.Query("d", "x")).updated_databases,
            std::nullopt);
  using namespace std::string_literals;
  EXPECT_EQ(Decode<QueryEvent>(binlog_.Query("d", "x", {"shop", "crm"}))
                .updated_databases,
            "shop\0crm\0"s);
}

TEST_F(EventDecoderTest, TellsWhichGroupsMayHaveStatements) {
  StartStream();
  for (const bool may : {false, true}) {
    binlog_.set_may_have_statements(may);
    EXPECT_EQ(Decode<GtidEvent>(binlog_.Gtid(TestGtid())).may_have_statements,
              may);
    EXPECT_EQ(
        Decode<GtidEvent>(binlog_.Gtid(TestGtid("tag"))).may_have_statements,
        may);
    EXPECT_EQ(Decode<GtidEvent>(binlog_.AnonymousGtid()).may_have_statements,
              may);
  }
}

TEST_F(EventDecoderTest, RefusesOldServers) {
  binlog_ = EventBuilder({.server_version = "5.5.62-log"});
  Frame(binlog_.FakeRotate());
  EXPECT_THAT(FrameError(binlog_.FormatDescription()),
              StatusIs(absl::StatusCode::kUnimplemented,
                       AllOf(HasSubstr("5.5.62"), HasSubstr("5.6"))));
}

TEST_F(EventDecoderTest, ReadsCalendarVersions) {
  binlog_ = EventBuilder({.server_version = "26.10.1"});
  StartStream();
  Frame(binlog_.Xid(1));
}

}  // namespace
}  // namespace binferry::worker
