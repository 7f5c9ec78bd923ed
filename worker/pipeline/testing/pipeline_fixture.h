// A pipeline between a scripted source and a recording destination.
#ifndef BINFERRY_WORKER_PIPELINE_TESTING_PIPELINE_FIXTURE_H_
#define BINFERRY_WORKER_PIPELINE_TESTING_PIPELINE_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/testing/value_bytes.h"
#include "worker/pipeline/pipeline.h"
#include "worker/pipeline/testing/scripted_server.h"
#include "worker/schema/testing/values.h"
#include "worker/sink/testing/recording_sink.h"

namespace binferry::worker {

// Tests of tables in `shop`, of which `orders` is one.
class PipelineFixture : public ::testing::Test {
 protected:
  const absl::Status kEnd = absl::OutOfRangeError("the script ends");

  PipelineFixture() {
    options_.objects = {{{"shop", "", true, {}}}};
    destination_.SetAutoCreate(3);
  }

  absl::StatusOr<std::unique_ptr<Pipeline>> Make(
      RecordingDestination* destination, ScriptedServer* server,
      const absl::Status& end) {
    options_.history = destination->last_checkpoint().has_value()
                           ? TaskHistory::kStarted
                           : TaskHistory::kNew;
    return Pipeline::Create(
        options_,
        {.open_sink = destination->Opener(),
         .resolve_start = server->StartOfFile(),
         .open_source = server->Opener(end),
         .on_streaming = nullptr,
         .on_alert = [this](const PipelineAlert& alert) { Note(alert); }},
        &clock_);
  }

  absl::Status Run(RecordingDestination* destination, ScriptedServer* server) {
    absl::StatusOr<std::unique_ptr<Pipeline>> pipeline =
        Make(destination, server, kEnd);
    return pipeline.ok() ? (*pipeline)->Run(std::stop_token())
                         : pipeline.status();
  }
  absl::Status Run() { return Run(&destination_, &server_); }

  // Reads a stream of these events, wherever the checkpoint is.
  absl::Status RunOn(const std::vector<std::string>& events) {
    options_.history = TaskHistory::kStarted;
    auto pipeline = Pipeline::Create(
        options_,
        {.open_sink = destination_.Opener(),
         .resolve_start = nullptr,
         .open_source = [&](const Checkpoint&)
             -> absl::StatusOr<std::unique_ptr<BinlogSource>> {
           return std::make_unique<ScriptedBinlogSource>(events, kEnd);
         },
         .on_streaming = nullptr,
         .on_alert = [this](const PipelineAlert& alert) { Note(alert); }},
        &clock_);
    return pipeline.ok() ? (*pipeline)->Run(std::stop_token())
                         : pipeline.status();
  }

  // The `c` of the rows inserted, in the order of commits.
  static std::vector<std::string> Inserted(
      const RecordingDestination& destination) {
    std::vector<std::string> texts;
    for (const RecordedRecord& record : destination.committed()) {
      const size_t from = record.value.find("\"c\":\"", 60) + 5;
      texts.push_back(record.value.substr(
          from, std::min<size_t>(8, record.value.find('"', from) - from)));
    }
    return texts;
  }

  // Runs under faults at every commit: all must end with the records and the
  // alerts of an undisturbed run.
  void ExpectTheSameUnderFaults() {
    options_.chunk_linger = absl::ZeroDuration();
    options_.commit_interval = absl::ZeroDuration();
    options_.checkpoint_interval = absl::ZeroDuration();
    RecordingDestination undisturbed;
    undisturbed.SetAutoCreate(3);
    ASSERT_EQ(Run(&undisturbed, &server_), kEnd);
    for (int nth = 1; nth <= 12; ++nth) {
      for (const bool takes_effect : {false, true}) {
        RecordingDestination destination;
        destination.SetAutoCreate(3);
        if (takes_effect) {
          destination.LoseCommitAnswer(nth);
        } else {
          destination.FailCommit(nth, absl::AbortedError("unknown"));
        }
        absl::Status status;
        for (int run = 0; run < 3 && status != kEnd; ++run) {
          status = Run(&destination, &server_);
        }
        ASSERT_EQ(status, kEnd) << nth;
        ASSERT_EQ(Inserted(destination), Inserted(undisturbed)) << nth;
        ASSERT_EQ(destination.last_checkpoint()->alerts,
                  undisturbed.last_checkpoint()->alerts)
            << nth;
        for (const auto& commit : destination.checkpoints()) {
          has_seen_open_transaction_ |= commit.checkpoint.rows_done > 0;
        }
      }
    }
  }

  std::vector<PipelineAlert> alerts() {
    absl::MutexLock lock(&mu_);
    return alerts_;
  }

  void ForgetAlerts() {
    absl::MutexLock lock(&mu_);
    alerts_.clear();
  }

  void Note(const PipelineAlert& alert) {
    absl::MutexLock lock(&mu_);
    alerts_.push_back(alert);
  }

  // A rows event and its table map.
  void Insert(int id, const std::string& text,
              std::vector<std::string>* group) {
    group->push_back(server_.builder()->TableMap(5, orders_));
    texts_.push_back(std::make_unique<std::string>(text));
    group->push_back(server_.builder()->Rows(
        5, InsertOf(orders_, {{Signed(id), Text(*texts_.back())}})));
  }
  void Query(absl::string_view text, std::vector<std::string>* group,
             const std::vector<std::string>& databases = {}) {
    group->push_back(server_.builder()->Query("shop", text, databases));
  }
  std::string Incident() {
    return server_.builder()->Raw(
        static_cast<uint8_t>(EventType::kIncident),
        LittleEndian(1, 2) + PackedBytes("a cache overflowed"));
  }

  SimulatedClock clock_;
  RecordingDestination destination_;
  ScriptedServer server_;
  PipelineOptions options_;
  bool has_seen_open_transaction_ = false;
  std::vector<std::unique_ptr<std::string>> texts_;
  const TableSchema orders_ = IdAndText("shop", "orders");
  const TableSchema other_ = IdAndText("other", "t");

  absl::Mutex mu_;
  std::vector<PipelineAlert> alerts_ ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_TESTING_PIPELINE_FIXTURE_H_
