// What a pipeline makes of compressed transactions and the rarer events.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/testing/payload_builder.h"
#include "worker/pipeline/testing/pipeline_fixture.h"

namespace binferry::worker {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PipelineEventsTest : public PipelineFixture {};

TEST_F(PipelineEventsTest, MakesTheSameRecordsOfCompressedTransactions) {
  ScriptedServer compressed;
  compressed.set_compresses(true);
  RecordingDestination other_destination;
  other_destination.SetAutoCreate(3);
  for (ScriptedServer* server : {&server_, &compressed}) {
    server->Transaction(
        {InsertOf(orders_, {{Signed(1), Text("one")}, {Signed(2), Null()}}),
         InsertOf(other_, {{Signed(1), Text("unseen")}})});
    server->Statement("shop", "ALTER TABLE orders COMMENT 'x'");
    server->builder()->set_clock(1'700'000'123'456'789);
    server->Transaction({UpdateOf(orders_, {{Signed(1), Text("one")}},
                                  {{Signed(1), Text("uno")}}),
                         DeleteOf(orders_, {{Signed(2), Null()}})});
  }
  EXPECT_EQ(Run(&destination_, &server_), kEnd);
  EXPECT_EQ(Run(&other_destination, &compressed), kEnd);
  const auto plain = destination_.committed();
  const auto unpacked = other_destination.committed();
  ASSERT_EQ(plain.size(), 4u);
  ASSERT_EQ(unpacked.size(), 4u);
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_EQ(unpacked[i].value, plain[i].value);
    EXPECT_EQ(unpacked[i].key, plain[i].key);
  }
  EXPECT_EQ(other_destination.last_checkpoint()->position,
            compressed.builder()->position());
  EXPECT_EQ(other_destination.last_checkpoint()->gtid_set,
            compressed.executed().ToString());
}

TEST_F(PipelineEventsTest, LeavesInsideAPayloadAndGoesOnThere) {
  options_.budget_bytes = size_t{64} << 10;
  server_.set_compresses(true);
  const std::string text(1500, 'a');
  std::vector<EventBuilder::RowsSpec> rows;
  for (int i = 0; i < 400; ++i) {
    rows.push_back(InsertOf(orders_, {{Signed(i), Text(text)}}));
  }
  server_.Transaction(rows);
  auto pipeline = Make(&destination_, &server_, absl::OkStatus());
  ASSERT_THAT(pipeline, IsOk());
  absl::Status status = absl::UnknownError("never ended");
  {
    std::jthread run([&] { status = (*pipeline)->Run({}); });
    EXPECT_TRUE(destination_.WaitForRecords(1, absl::Seconds(20)));
    (*pipeline)->Leave(LeavePlace::kNextCommit);
  }
  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(Run(), kEnd);
  const std::vector<RecordedRecord> records = destination_.committed();
  ASSERT_EQ(records.size(), 400u);
  for (size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(*records[i].key, absl::StrCat("{\"id\":\"", i, "\"}"));
    EXPECT_EQ(records[i].id, i + 1);
  }
}

TEST_F(PipelineEventsTest, SavepointsInAPayloadHaveNoPlace) {
  std::vector<std::string> inner = {server_.builder()->Query("", "BEGIN")};
  ScriptedServer scratch;
  EventBuilder* const builder = scratch.builder();
  inner = {builder->Query("", "BEGIN"),
           builder->TableMap(5, orders_),
           builder->Rows(5, InsertOf(orders_, {{Signed(1), Text("a")}})),
           builder->Query("shop", "SAVEPOINT `s`"),
           builder->TableMap(5, orders_),
           builder->Rows(5, InsertOf(orders_, {{Signed(2), Text("b")}})),
           builder->Xid(1)};
  ScriptedServer server;
  server.Group(
      {server.NextGtid(), server.builder()->Raw(40, PayloadOf(inner))});
  EXPECT_EQ(Run(&destination_, &server), kEnd);
  EXPECT_THAT(Inserted(destination_), ElementsAre("a", "b"));
}

TEST_F(PipelineEventsTest, RefusesAPayloadThatGoesOnBehindItsTransaction) {
  EventBuilder inner;
  const std::vector<std::string> events = {
      inner.Query("", "BEGIN"), inner.Xid(1), inner.Query("", "BEGIN"),
      inner.Xid(2)};
  server_.Group(
      {server_.NextGtid(), server_.builder()->Raw(40, PayloadOf(events))});
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kDataLoss,
                              AllOf(HasSubstr("goes on behind the end"),
                                    HasSubstr("binlog.000001:"))));
}

TEST_F(PipelineEventsTest, NamesThePlaceOfADamagedPayload) {
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("a")}})});
  std::vector<std::string> group = {server_.NextGtid()};
  const uint64_t place = server_.builder()->position();
  group.push_back(server_.builder()->Raw(40, PayloadBody(0, 500, "no frame")));
  server_.Group(group);
  EXPECT_THAT(
      Run(),
      StatusIs(absl::StatusCode::kDataLoss,
               AllOf(HasSubstr("TRANSACTION_PAYLOAD"),
                     HasSubstr(absl::StrCat(", at binlog.000001:", place)))));
  EXPECT_THAT(Inserted(destination_), ElementsAre("a"));
}

TEST_F(PipelineEventsTest, ReadsAnonymousAndTaggedTransactions) {
  std::vector<std::string> group = {server_.builder()->AnonymousGtid()};
  group.push_back(server_.builder()->Query("", "BEGIN"));
  Insert(1, "a", &group);
  group.push_back(server_.builder()->Xid(1));
  Gtid tagged{.origin = {}, .number = 7};
  tagged.origin.tag = "tagx";
  group.push_back(server_.builder()->Gtid(tagged));
  group.push_back(server_.builder()->Query("", "BEGIN"));
  Insert(2, "b", &group);
  group.push_back(server_.builder()->Xid(2));
  server_.Group(group);
  EXPECT_EQ(Run(), kEnd);
  EXPECT_THAT(Inserted(destination_), ElementsAre("a", "b"));
  EXPECT_EQ(destination_.last_checkpoint()->gtid_set,
            "00000000-0000-0000-0000-000000000000:tagx:7");
}

TEST_F(PipelineEventsTest, ReadsOnAfterTheSourceRestarted) {
  // Table ids begin anew: the one of `orders` becomes that of `other.t`.
  std::vector<std::string> group = server_.Begin();
  Insert(1, "a", &group);
  EventBuilder* const builder = server_.builder();
  group.push_back(builder->Xid(1));
  group.push_back(builder->Stop());
  group.push_back(builder->Rotate("binlog.000002"));
  group.push_back(builder->FakeRotate());
  group.push_back(builder->FormatDescription(true));
  group.push_back(builder->Gtid({.origin = {}, .number = 1}));
  group.push_back(builder->Query("", "BEGIN"));
  group.push_back(builder->TableMap(5, other_));
  group.push_back(
      builder->Rows(5, InsertOf(other_, {{Signed(2), Text("unseen")}})));
  group.push_back(builder->TableMap(4, orders_));
  group.push_back(
      builder->Rows(4, InsertOf(orders_, {{Signed(3), Text("b")}})));
  group.push_back(builder->Xid(2));
  server_.Group(group);
  EXPECT_EQ(Run(), kEnd);
  EXPECT_THAT(Inserted(destination_), ElementsAre("a", "b"));
  EXPECT_EQ(destination_.last_checkpoint()->file, "binlog.000002");
  EXPECT_EQ(destination_.last_checkpoint()->position, builder->position());
}

TEST_F(PipelineEventsTest, NamesTheFileOfRowsInFrontOfARestart) {
  options_.chunk_linger = absl::Seconds(1);
  std::vector<std::string> group = server_.Begin();
  Insert(1, "\xff", &group);
  EventBuilder* const builder = server_.builder();
  const uint64_t place = builder->position() - group.back().size();
  group.push_back(builder->Xid(1));
  group.push_back(builder->Stop());
  // As a source that went down leaves the file: without a ROTATE.
  static_cast<void>(builder->Rotate("binlog.000002"));
  group.push_back(builder->FakeRotate());
  group.push_back(builder->FormatDescription(true));
  group.push_back(builder->Gtid({.origin = {}, .number = 1}));
  group.push_back(builder->Query("", "BEGIN"));
  Insert(2, "b", &group);
  group.push_back(builder->Xid(2));
  server_.Group(group);
  EXPECT_THAT(Run(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr(absl::StrCat("at binlog.000001:", place))));
}

TEST_F(PipelineEventsTest, PassesIgnorableEventsAndStopsAtOthers) {
  std::vector<std::string> group = server_.Begin();
  group.push_back(
      server_.builder()->Raw(99, "anything", EventHeader::kIgnorable));
  Insert(1, "a", &group);
  group.push_back(server_.builder()->Xid(1));
  server_.Group(group);
  const uint64_t place = server_.builder()->position();
  server_.Group({server_.builder()->Raw(99, "anything")});
  EXPECT_THAT(
      Run(),
      StatusIs(absl::StatusCode::kUnimplemented,
               AllOf(HasSubstr("unknown event (99)"),
                     HasSubstr(absl::StrCat("at binlog.000001:", place)))));
  EXPECT_THAT(Inserted(destination_), ElementsAre("a"));
}

TEST_F(PipelineEventsTest, MakesNoRecordsOfADamagedEvent) {
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("a")}})});
  std::vector<std::string> group = server_.Begin();
  Insert(2, "damaged", &group);
  group.back()[40] = static_cast<char>(group.back()[40] ^ 1);
  group.push_back(server_.builder()->Xid(1));
  server_.Group(group);
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kDataLoss,
                              AllOf(HasSubstr("checksum"),
                                    HasSubstr("binlog.000001:"))));
  EXPECT_THAT(Inserted(destination_), ElementsAre("a"));
}

}  // namespace
}  // namespace binferry::worker
