#include "worker/binlog/transaction_payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/testing/allocation_meter.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_decoder.h"
#include "worker/binlog/testing/event_builder.h"
#include "worker/binlog/testing/payload_builder.h"
#include "worker/binlog/testing/value_bytes.h"

namespace binferry::worker {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kZstd = TransactionPayloadEvent::kZstd;

// An inner event of `bytes` in all.
std::string EventOf(size_t bytes, char fill = 'x') {
  EventBuilder builder({.checksum = ChecksumAlgorithm::kNone});
  return InnerEvent(
      builder.Raw(2, std::string(bytes - EventHeader::kBytes, fill)), 0);
}

class PayloadReaderTest : public ::testing::Test {
 protected:
  // The events of a payload, whose bytes are kept for it.
  absl::StatusOr<std::vector<std::string>> Read(const std::string& payload,
                                                uint64_t uncompressed_size,
                                                uint64_t algorithm = kZstd) {
    bytes_ = payload;
    absl::Status status = reader_.Start({.algorithm = algorithm,
                                         .uncompressed_size = uncompressed_size,
                                         .payload = AsBytes(bytes_)});
    if (!status.ok()) return status;
    std::vector<std::string> events;
    while (true) {
      const auto event = reader_.Next();
      if (!event.ok()) return event.status();
      if (!event->has_value()) return events;
      events.emplace_back(AsText(**event));
    }
  }

  absl::StatusOr<std::vector<std::string>> Read(
      const std::vector<std::string>& events) {
    const std::string all = absl::StrJoin(events, "");
    return Read(ZstdFrame(all), all.size());
  }

  PayloadReader reader_;
  std::string bytes_;
};

TEST_F(PayloadReaderTest, CutsAPayloadIntoItsEvents) {
  const std::vector<std::string> events = {EventOf(19), EventOf(20, 'a'),
                                           EventOf(9000, 'b'), EventOf(27)};
  EXPECT_THAT(Read(events), IsOkAndHolds(events));
}

TEST_F(PayloadReaderTest, ReadsEventsOfAllSizesAroundItsBuffer) {
  for (const size_t bytes : {size_t{131'071}, size_t{131'072}, size_t{131'073},
                             size_t{300'000}, size_t{5'000'000}}) {
    const std::vector<std::string> events = {EventOf(100), EventOf(bytes, 'l'),
                                             EventOf(40), EventOf(bytes, 'm')};
    EXPECT_THAT(Read(events), IsOkAndHolds(events)) << bytes;
  }
}

TEST_F(PayloadReaderTest, ReadsManyEventsBeyondItsBuffer) {
  std::vector<std::string> events;
  for (size_t i = 0; i < 3000; ++i) {
    events.push_back(EventOf(19 + i * 7919 % 900, static_cast<char>(i)));
  }
  EXPECT_THAT(Read(events), IsOkAndHolds(events));
}

TEST_F(PayloadReaderTest, ReadsFramesThatFollowEachOther) {
  // The border stands inside an event.
  const std::string all = EventOf(500, 'a') + EventOf(600, 'b');
  const std::string payload = absl::StrCat(
      ZstdFrame(all.substr(0, 700)), ZstdFrame(""), ZstdFrame(all.substr(700)));
  EXPECT_THAT(
      Read(payload, all.size()),
      IsOkAndHolds(testing::ElementsAre(EventOf(500, 'a'), EventOf(600, 'b'))));
}

TEST_F(PayloadReaderTest, ReadsWhatIsNotCompressed) {
  const std::string all = EventOf(500, 'a') + EventOf(19);
  EXPECT_THAT(
      Read(all, all.size(), TransactionPayloadEvent::kNotCompressed),
      IsOkAndHolds(testing::ElementsAre(EventOf(500, 'a'), EventOf(19))));
  EXPECT_THAT(
      Read(all, all.size() + 1, TransactionPayloadEvent::kNotCompressed),
      StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(
      Read(all.substr(0, 510), 510, TransactionPayloadEvent::kNotCompressed),
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("header")));
}

TEST_F(PayloadReaderTest, ReadsAnEmptyPayload) {
  EXPECT_THAT(Read("", 0), IsOkAndHolds(testing::IsEmpty()));
}

TEST_F(PayloadReaderTest, NamesAnUnknownCompression) {
  EXPECT_THAT(Read("?", 1, 7),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("binlog_transaction_compression=OFF")));
}

TEST_F(PayloadReaderTest, RefusesEveryTruncation) {
  const std::string all = EventOf(300, 'a') + EventOf(40);
  const std::string good = ZstdFrame(all);
  for (size_t bytes = 0; bytes < good.size(); ++bytes) {
    EXPECT_THAT(Read(good.substr(0, bytes), all.size()),
                StatusIs(absl::StatusCode::kDataLoss))
        << bytes;
  }
  EXPECT_THAT(Read(good, all.size()), IsOk());
}

TEST_F(PayloadReaderTest, RefusesASizeThatIsNotTheDeclaredOne) {
  const std::string all = EventOf(300);
  EXPECT_THAT(Read(ZstdFrame(all), all.size() - 1),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Read(ZstdFrame(all), all.size() + 1),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("holds 300 bytes and says")));
}

TEST_F(PayloadReaderTest, RefusesEventsThatSayWrongSizes) {
  for (const uint64_t size :
       {uint64_t{0}, uint64_t{18}, uint64_t{301}, uint64_t{0xffffffff}}) {
    std::string event = EventOf(300);
    event.replace(9, 4, LittleEndian(size, 4));
    EXPECT_THAT(Read(ZstdFrame(event), event.size()),
                StatusIs(absl::StatusCode::kDataLoss))
        << size;
  }
}

TEST_F(PayloadReaderTest, RefusesWhatIsNoCompressedStream) {
  EXPECT_THAT(Read(std::string(500, 'z'), 500),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(PayloadReaderTest, RefusesBombs) {
  // Each says of itself what it holds.
  EXPECT_THAT(Read(std::string(100, 'z'), uint64_t{2} << 30),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("more than any source")));
  const uint64_t size = PayloadReader::kFreeBytes + 20'000'000;
  const std::string frame = ZstdFrame(EventOf(size), 1);
  ASSERT_LT(frame.size(), 20'000'000 / PayloadReader::kMaxGrowth);
  EXPECT_THAT(Read(frame, size), StatusIs(absl::StatusCode::kFailedPrecondition,
                                          HasSubstr("100 times")));
}

TEST_F(PayloadReaderTest, RefusesABombThatUnderstatesItself) {
  std::string event = EventOf(50'000'000);
  const std::string frame = ZstdFrame(event, 1);
  EXPECT_THAT(Read(frame, 1'000'000), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(PayloadReaderTest, ReadsTheWidestWindowThatSourcesUse) {
  const std::string event = EventOf(3'000'000);
  EXPECT_THAT(Read(ZstdFrame(event, 22, 27), event.size()),
              IsOkAndHolds(testing::ElementsAre(event)));
}

TEST_F(PayloadReaderTest, RefusesAWiderWindow) {
  const std::string event = EventOf(3'000'000);
  EXPECT_THAT(
      Read(ZstdFrame(event, 1, 28), event.size()),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("window")));
}

TEST_F(PayloadReaderTest, ServesAnotherPayloadAfterAnError) {
  EXPECT_FALSE(Read("damaged", 400).ok());
  EXPECT_THAT(Read({EventOf(400)}),
              IsOkAndHolds(testing::ElementsAre(EventOf(400))));
  // One that was left in the middle too.
  ASSERT_THAT(
      reader_.Start({.uncompressed_size = 400, .payload = AsBytes(bytes_)}),
      IsOk());
  EXPECT_THAT(Read({EventOf(90)}),
              IsOkAndHolds(testing::ElementsAre(EventOf(90))));
}

TEST_F(PayloadReaderTest, KeepsLittleMemoryForTheNextPayload) {
  constexpr int64_t kKeptBytes = 2 << 20;
  const AllocationMeter meter;
  ASSERT_THAT(Read({EventOf(16 << 20)}), IsOk());
  EXPECT_GT(meter.live_bytes(), kKeptBytes);
  ASSERT_THAT(Read({EventOf(400)}), IsOk());
  EXPECT_LT(meter.live_bytes(), kKeptBytes);
}

class PayloadEventTest : public ::testing::Test {
 protected:
  PayloadEventTest() {
    Frame(binlog_.FakeRotate());
    Frame(binlog_.FormatDescription());
  }

  EventFrame Frame(const std::string& event) {
    event_ = event;
    const absl::StatusOr<EventFrame> frame = decoder_.Frame(AsBytes(event_));
    EXPECT_THAT(frame, IsOk());
    return frame.value_or(EventFrame());
  }

  EventBuilder binlog_;
  EventDecoder decoder_;
  std::string event_;  // What views point into.
};

TEST_F(PayloadEventTest, DecodesPayloads) {
  const EventFrame frame = Frame(binlog_.Raw(
      40, PayloadBody(TransactionPayloadEvent::kZstd, 70'000, "compressed")));
  const absl::StatusOr<Event> decoded = decoder_.Decode(frame);
  ASSERT_THAT(decoded, IsOk());
  const auto& event = std::get<TransactionPayloadEvent>(*decoded);
  EXPECT_EQ(event.algorithm, TransactionPayloadEvent::kZstd);
  EXPECT_EQ(event.uncompressed_size, 70'000u);
  EXPECT_EQ(AsText(event.payload), "compressed");
}

TEST_F(PayloadEventTest, RefusesDamagedPayloads) {
  const std::string good =
      PayloadBody(TransactionPayloadEvent::kZstd, 10, "abc");
  for (const std::string& bad :
       {std::string(), good.substr(0, 4), good.substr(0, good.size() - 1),
        good + "x", std::string("\x02\x01\xff\x00", 4),
        std::string("\x01\x01\x00\x00", 4)}) {
    const EventFrame frame = Frame(binlog_.Raw(40, bad));
    EXPECT_THAT(decoder_.Decode(frame),
                StatusIs(absl::StatusCode::kDataLoss,
                         HasSubstr("TRANSACTION_PAYLOAD (40)")));
  }
}

TEST_F(PayloadEventTest, GivesInnerEventsThePlaceOfTheirPayload) {
  const uint64_t start = binlog_.position();
  Frame(binlog_.Raw(40, PayloadBody(TransactionPayloadEvent::kZstd, 0, "")));
  const uint64_t end = decoder_.position();
  EventBuilder other({.position = 77});
  const std::string inner = InnerEvent(other.Xid(5));
  const absl::StatusOr<EventFrame> frame = decoder_.FrameInner(AsBytes(inner));
  ASSERT_THAT(frame, IsOk());
  EXPECT_EQ(frame->position, start);
  EXPECT_EQ(decoder_.position(), end);
  const absl::StatusOr<Event> event = decoder_.Decode(*frame);
  ASSERT_THAT(event, IsOk());
  EXPECT_EQ(std::get<XidEvent>(*event).xid, 5u);
}

TEST_F(PayloadEventTest, RefusesInnerEventsThatBelongOutside) {
  Frame(binlog_.Raw(40, PayloadBody(TransactionPayloadEvent::kZstd, 0, "")));
  EventBuilder other;
  for (const std::string& event :
       {other.FormatDescription(true), other.Rotate("b.2"), other.Stop(),
        other.Gtid({.origin = {}, .number = 1}),
        other.Gtid({.origin = {.tag = "t"}, .number = 1}),
        other.AnonymousGtid(), other.Heartbeat(), other.Raw(40, "")}) {
    EXPECT_THAT(
        decoder_.FrameInner(AsBytes(InnerEvent(event))),
        StatusIs(absl::StatusCode::kDataLoss, HasSubstr("binlog.000001:")));
  }
}

}  // namespace
}  // namespace binferry::worker
