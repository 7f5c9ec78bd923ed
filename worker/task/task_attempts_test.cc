// Attempts against a real MySQL and a real Kafka.
#include "worker/task/task_attempts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/testing/status_matchers.h"
#include "worker/mysql/connection.h"
#include "worker/sink/testing/kafka_environment.h"
#include "worker/sink/testing/kafka_topic_reader.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class TaskAttemptsTest : public KafkaTest {
 protected:
  void SetUp() override {
    KafkaTest::SetUp();
    const char* mysql = std::getenv("BINFERRY_TEST_MYSQL");
    if (IsSkipped() || mysql == nullptr) GTEST_SKIP() << "no servers";
    database_ = absl::StrReplaceAll(prefix_, {{"-", "_"}});
    const std::pair<std::string, std::string> address =
        absl::StrSplit(mysql, absl::MaxSplits(':', 1));
    DescribeTask(address.first, address.second);
    auto connection = Connection::Connect(
        {.host = address.first,
         .port = static_cast<uint16_t>(response_.task().source().port()),
         .user = "root"});
    ASSERT_THAT(connection, IsOk());
    mysql_ = *std::move(connection);
    Execute(absl::StrCat("CREATE DATABASE ", database_));
    Execute(
        absl::StrCat("CREATE TABLE ", database_, ".t (id INT PRIMARY KEY)"));
  }

  void TearDown() override {
    if (mysql_ != nullptr) Execute(absl::StrCat("DROP DATABASE ", database_));
  }

  void DescribeTask(const std::string& host, const std::string& port) {
    v1::Task& task = *response_.mutable_task();
    task.set_uid(prefix_);
    task.set_generation(1);
    task.mutable_source()->set_host(host);
    int32_t number = 0;
    ASSERT_TRUE(absl::SimpleAtoi(port, &number));
    task.mutable_source()->set_port(number);
    task.mutable_source()->set_username("root");
    task.mutable_destination()->add_bootstrap_servers(servers_);
    v1::DatabaseObject& database = *task.mutable_objects()->add_databases();
    database.set_name(database_);
    database.set_all_tables(true);
    task.mutable_topic_policy()->mutable_auto_topics()->set_partitions(1);
    pb::TaskRuntime& runtime = *response_.mutable_runtime();
    runtime.set_server_id(static_cast<uint32_t>(getpid()));
    runtime.set_replica_uuid("00000000-0000-4000-8000-00000000abcd");
    runtime.set_state_topic_prefix(prefix_);
    runtime.set_transactional_id(prefix_);
  }

  void Execute(const std::string& statement) {
    EXPECT_THAT(mysql_->Query(statement), IsOk()) << statement;
  }
  void Insert(int count) {
    for (int i = 0; i < count; ++i) {
      Execute(
          absl::StrCat("INSERT INTO ", database_, ".t VALUES (", ++rows_, ")"));
    }
  }

  AttemptSurroundings Surroundings(TaskPurpose purpose) {
    return {
        .task_uid = TaskUid(prefix_),
        .epoch = Epoch(1),
        .purpose = purpose,
        .check_lease = [] { return absl::OkStatus(); },
        .claim_partition =
            [this](const std::string& cluster_id, std::stop_token) {
              response_.mutable_runtime()->set_state_partition(0);
              response_.mutable_runtime()->set_kafka_cluster_id(cluster_id);
              return absl::StatusOr<int32_t>(0);
            },
        .on_running = [this] { running_ = true; },
        .on_newer_epoch = [](Epoch) {},
        .drain_end = &drain_end_,
        .log = &log_,
        .on_event = [this](absl::string_view reason,
                           absl::string_view) { events_.emplace_back(reason); },
        .on_alert = [](absl::string_view, absl::string_view) {}};
  }

  std::unique_ptr<TaskAttempt> Make(TaskPurpose purpose) {
    auto made =
        MakeAttemptFactory({}, &clock_)(response_, Surroundings(purpose));
    EXPECT_THAT(made, IsOk());
    return made.ok() ? *std::move(made) : nullptr;
  }

  // Carries until `count` records are delivered in all.
  void CarryUntil(uint64_t count, const std::function<void()>& once_running) {
    const std::unique_ptr<TaskAttempt> attempt = Make(TaskPurpose::kRun);
    running_ = false;
    absl::Status status;
    std::jthread thread(
        [&](std::stop_token stop) { status = attempt->Run(stop); });
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (!running_ && absl::Now() < deadline) {
      absl::SleepFor(absl::Milliseconds(5));
    }
    once_running();
    while (absl::Now() < deadline) {
      const TaskProgress progress = attempt->Progress();
      if (progress.position.has_value() &&
          progress.position->last_record_id() >= count) {
        break;
      }
      absl::SleepFor(absl::Milliseconds(5));
    }
    attempt->Leave(LeaveAt::kTransactionBoundary);
    thread.join();
    EXPECT_THAT(status, IsOk());
    response_.mutable_runtime()->set_start_position_committed(true);
  }

  // "record id: row id" of every committed record.
  std::vector<std::string> Delivered() {
    const auto records =
        ReadCommitted(servers_, absl::StrCat(database_, "-t"), 0);
    EXPECT_THAT(records, IsOk());
    std::vector<std::string> found;
    if (!records.ok()) return found;
    for (const ConsumedRecord& record : *records) {
      const std::string& value = *record.value;
      found.push_back(absl::StrCat(Number(value, "},\"id\":"), ": ",
                                   Number(value, "\"data\":[{\"id\":\"")));
    }
    return found;
  }
  static std::string Number(const std::string& value,
                            const std::string& behind) {
    const size_t at = value.find(behind);
    if (at == std::string::npos) return value;
    const size_t from = at + behind.size();
    return value.substr(from,
                        value.find_first_not_of("0123456789", from) - from);
  }

  pb::GetTaskSpecResponse response_;
  std::string database_;
  std::unique_ptr<Connection> mysql_;
  int rows_ = 0;
  TaskJournal journal_{&clock_};
  TaskLog log_{TaskUid("t"), Epoch(1), &journal_};
  std::optional<DrainEnd> drain_end_;
  std::atomic<bool> running_ = false;
  std::vector<std::string> events_;
};

TEST_F(TaskAttemptsTest, DrainsWhatWasCommittedAndThenForgetsTheTask) {
  CarryUntil(1, [this] { Insert(1); });
  Insert(3);
  const std::unique_ptr<TaskAttempt> drain = Make(TaskPurpose::kDrain);
  ASSERT_THAT(drain->Run(std::stop_token()), IsOk());
  EXPECT_TRUE(drain->Progress().is_finished);
  EXPECT_EQ(drain->Progress().position->last_record_id(), 4u);
  EXPECT_THAT(Delivered(), ElementsAre("1: 1", "2: 2", "3: 3", "4: 4"));
  EXPECT_THAT(events_, Contains("DRAIN"));
  EXPECT_THAT(events_, Contains("DRAINED"));
  // The checkpoint is gone.
  EXPECT_THAT(Make(TaskPurpose::kRun)->Run(std::stop_token()),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("the state topic is empty")));
}

TEST_F(TaskAttemptsTest, ADrainEndsWhereTheSourceEndedAtFirst) {
  CarryUntil(1, [this] { Insert(1); });
  Insert(1);
  // As an attempt that found the end and then failed leaves it.
  const std::unique_ptr<TaskAttempt> broken = Make(TaskPurpose::kDrain);
  std::stop_source stopped;
  stopped.request_stop();
  static_cast<void>(broken->Run(stopped.get_token()));
  ASSERT_TRUE(drain_end_.has_value());
  const std::string end = drain_end_->position.SerializeAsString();
  Insert(1);
  ASSERT_THAT(Make(TaskPurpose::kDrain)->Run(std::stop_token()), IsOk());
  EXPECT_EQ(drain_end_->position.SerializeAsString(), end);
  EXPECT_THAT(Delivered().at(1), "2: 2");
}

TEST_F(TaskAttemptsTest, WhatNeverStartedHasNothingToDrain) {
  response_.mutable_task()->mutable_source()->set_port(1);
  const std::unique_ptr<TaskAttempt> drain = Make(TaskPurpose::kDrain);
  EXPECT_THAT(drain->Run(std::stop_token()), IsOk());
  EXPECT_TRUE(drain->Progress().is_finished);
}

TEST_F(TaskAttemptsTest, AResetStartsAtTheNewPositionWithIdsThatGoOn) {
  const absl::StatusOr<std::string> before =
      mysql_->QueryText("SELECT @@GLOBAL.gtid_executed");
  ASSERT_THAT(before, IsOk());
  CarryUntil(2, [this] { Insert(2); });
  response_.mutable_runtime()->set_reset_count(1);
  response_.mutable_task()->mutable_start_position()->set_gtid_set(*before);
  CarryUntil(4, [] {});
  // Once: another attempt goes on at the new checkpoint.
  CarryUntil(5, [this] { Insert(1); });
  EXPECT_THAT(Delivered(), ElementsAre("1: 1", "2: 2", "3: 1", "4: 2", "5: 3"));
}

TEST_F(TaskAttemptsTest, RefusesAnotherClusterThanTheOneWithItsCheckpoint) {
  response_.mutable_runtime()->set_start_position_committed(true);
  response_.mutable_runtime()->set_kafka_cluster_id("elsewhere");
  EXPECT_THAT(Make(TaskPurpose::kRun)->Run(std::stop_token()),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("checkpoint are in the cluster elsewhere")));
}

}  // namespace
}  // namespace binferry::worker
