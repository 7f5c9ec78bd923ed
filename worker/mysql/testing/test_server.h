// The MySQL server of integration tests.
#ifndef BINFERRY_WORKER_MYSQL_TESTING_TEST_SERVER_H_
#define BINFERRY_WORKER_MYSQL_TESTING_TEST_SERVER_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/testing/status_matchers.h"
#include "worker/mysql/connection.h"

namespace binferry::worker {

// A fixture over the server that BINFERRY_TEST_MYSQL (HOST:PORT, root without a
// password) names; its tests are skipped without one.
class TestServer : public testing::Test {
 protected:
  static constexpr char kDatabase[] = "binferry_mysql_test";

  void SetUp() override {
    const char* const address = std::getenv("BINFERRY_TEST_MYSQL");
    if (address == nullptr)
      GTEST_SKIP() << "BINFERRY_TEST_MYSQL is not set; tests/run.sh sets it";
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(address, absl::MaxSplits(':', 1));
    options_.host = parts.first;
    int port = 0;
    ASSERT_TRUE(absl::SimpleAtoi(parts.second, &port)) << address;
    options_.port = static_cast<uint16_t>(port);
    options_.user = "root";
    auto root = Connection::Connect(options_);
    ASSERT_THAT(root, IsOk());
    root_ = *std::move(root);
    Run(std::string("CREATE DATABASE IF NOT EXISTS ") + kDatabase);
    Run(std::string("USE ") + kDatabase);
  }

  // Runs a statement as root and returns its rows.
  std::vector<TextRow> Run(const std::string& statement) {
    auto rows = root_->Query(statement);
    EXPECT_THAT(rows, IsOk()) << statement;
    return rows.ok() ? *std::move(rows) : std::vector<TextRow>();
  }

  // The first value of the first row, "" for none.
  std::string RunForText(const std::string& statement) {
    const std::vector<TextRow> rows = Run(statement);
    return rows.empty() || rows[0].empty() ? "" : rows[0][0].value_or("");
  }

  // Options of a user that is made anew, without any privilege.
  ConnectionOptions NewUser(const std::string& name) {
    Run("DROP USER IF EXISTS " + name);
    Run("CREATE USER " + name + " IDENTIFIED BY 'correct horse'");
    ConnectionOptions options = options_;
    options.user = name;
    options.password = "correct horse";
    return options;
  }

  ConnectionOptions options_;
  std::unique_ptr<Connection> root_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_TESTING_TEST_SERVER_H_
