// The Kafka broker that integration tests use.
#ifndef BINFERRY_WORKER_SINK_TESTING_KAFKA_ENVIRONMENT_H_
#define BINFERRY_WORKER_SINK_TESTING_KAFKA_ENVIRONMENT_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/testing/status_matchers.h"
#include "worker/sink/kafka_admin.h"
#include "worker/sink/kafka_sink_options.h"

namespace binferry::worker {

// Gives each test its own names in a broker that many share; skips the test
// where there is no broker.
class KafkaTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* servers = std::getenv("BINFERRY_TEST_KAFKA");
    if (servers == nullptr) {
      GTEST_SKIP() << "BINFERRY_TEST_KAFKA is not set; tests/run.sh sets it";
    }
    servers_ = servers;
    static int number = 0;
    prefix_ = absl::StrCat("sinktest-", absl::ToUnixMillis(clock_.Now()), "-",
                           getpid(), "-", ++number);
    absl::StatusOr<std::unique_ptr<KafkaAdmin>> admin =
        KafkaAdmin::Create({.cluster = Cluster(), .interrupt = {}}, &clock_);
    ASSERT_THAT(admin, IsOk());
    admin_ = *std::move(admin);
  }

  KafkaClusterOptions Cluster() const {
    KafkaClusterOptions cluster;
    cluster.bootstrap_servers = servers_;
    return cluster;
  }
  std::string Topic(absl::string_view name) const {
    return absl::StrCat(prefix_, "-", name);
  }
  void CreateTopic(absl::string_view name, int32_t partition_count) {
    ASSERT_THAT(admin_->CreateTopic({.name = Topic(name),
                                     .partition_count = partition_count,
                                     .replication_factor = 1,
                                     .configs = {}}),
                IsOk());
  }

  SystemClock clock_;
  std::string servers_;
  std::string prefix_;
  std::unique_ptr<KafkaAdmin> admin_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_TESTING_KAFKA_ENVIRONMENT_H_
