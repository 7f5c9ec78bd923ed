#include "controller/store/change_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/testing/status_matchers.h"

namespace binferry::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const TaskUid kUid("0191d7a2-0000-4000-8000-000000000001");

Change TaskChanged(const std::string& project, const std::string& task_id) {
  return {.kind = Change::Kind::kTask,
          .uid = kUid,
          .task = {.project = project, .task_id = task_id}};
}

Change OrdersOf(const std::string& worker) {
  return {.kind = Change::Kind::kOrders, .worker = WorkerName(worker)};
}

// What subscribers heard, as payloads.
class ChangeFeedTest : public testing::Test {
 protected:
  ChangeFeed::Callback Into(std::vector<std::string>* heard) {
    return [heard](const Change& change) {
      heard->push_back(EncodeChange(change));
    };
  }

  ChangeFeed feed_{PgOptions()};
  std::vector<std::string> heard_;
};

TEST_F(ChangeFeedTest, EveryChangeReadsBackFromItsPayload) {
  const Change changes[] = {
      TaskChanged("shop", "orders-1"),
      {.kind = Change::Kind::kDeleted,
       .uid = kUid,
       .task = {.project = "shop", .task_id = "orders-1"}},
      OrdersOf("host-1.example_2"),
      {.kind = Change::Kind::kReport},
      {.kind = Change::Kind::kReset},
  };
  for (const Change& change : changes) {
    const std::string payload = EncodeChange(change);
    const std::optional<Change> decoded = DecodeChange(payload);
    ASSERT_TRUE(decoded.has_value()) << payload;
    EXPECT_EQ(decoded->kind, change.kind) << payload;
    EXPECT_EQ(decoded->uid, change.uid) << payload;
    EXPECT_EQ(decoded->task, change.task) << payload;
    EXPECT_EQ(decoded->worker, change.worker) << payload;
  }
}

TEST_F(ChangeFeedTest, ForeignPayloadsAreNone) {
  for (const char* payload :
       {"", " ", "hello", "task", "task a b", "task a b c d", "orders",
        "orders a b", "report now", "resets"}) {
    EXPECT_FALSE(DecodeChange(payload).has_value()) << payload;
  }
}

TEST_F(ChangeFeedTest, EachSubscriberHearsWhatItAskedFor) {
  std::vector<std::string> worker, task, project;
  const auto all = feed_.SubscribeAll(Into(&heard_));
  const auto of_worker = feed_.SubscribeWorker(WorkerName("w1"), Into(&worker));
  const auto of_task = feed_.SubscribeTask(
      {.project = "shop", .task_id = "orders"}, Into(&task));
  const auto of_project = feed_.SubscribeProject("shop", Into(&project));
  const std::vector<Change> changes = {
      TaskChanged("shop", "orders"),
      TaskChanged("shop", "users"),
      TaskChanged("other", "orders"),
      OrdersOf("w1"),
      OrdersOf("w2"),
      {.kind = Change::Kind::kReport},
      {.kind = Change::Kind::kReset},
  };
  for (const Change& change : changes) feed_.Deliver(change);
  EXPECT_EQ(heard_.size(), changes.size());
  EXPECT_THAT(worker, ElementsAre("orders w1", "reset"));
  EXPECT_THAT(task, ElementsAre(EncodeChange(changes[0]), "reset"));
  EXPECT_THAT(project, ElementsAre(EncodeChange(changes[0]),
                                   EncodeChange(changes[1]), "reset"));
}

TEST_F(ChangeFeedTest, ACancelledSubscriptionHearsNothingMore) {
  auto subscription = feed_.SubscribeAll(Into(&heard_));
  ASSERT_THAT(subscription, IsOk());
  subscription->Cancel();
  subscription->Cancel();
  feed_.Deliver({.kind = Change::Kind::kReport});
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(ChangeFeedTest, AMovedSubscriptionIsStillOne) {
  auto subscription = feed_.SubscribeAll(Into(&heard_));
  ASSERT_THAT(subscription, IsOk());
  {
    const ChangeFeed::Subscription moved = *std::move(subscription);
    feed_.Deliver({.kind = Change::Kind::kReport});
    EXPECT_THAT(heard_, ElementsAre("report"));
  }
  feed_.Deliver({.kind = Change::Kind::kReport});
  EXPECT_THAT(heard_, ElementsAre("report"));
}

}  // namespace
}  // namespace binferry::controller
