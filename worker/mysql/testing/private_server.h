// A MySQL server of a test's own.
#ifndef BINFERRY_WORKER_MYSQL_TESTING_PRIVATE_SERVER_H_
#define BINFERRY_WORKER_MYSQL_TESTING_PRIVATE_SERVER_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/testing/status_matchers.h"
#include "worker/mysql/connection.h"

namespace binferry::worker {

// A fixture over a server that is started for the test and may be changed in
// every way: global settings, its history, its end. Takes about 3 s: tests
// share one. Skipped where BINFERRY_TEST_MYSQL is not set, as others that need
// servers.
class PrivateServer : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("BINFERRY_TEST_MYSQL") == nullptr)
      GTEST_SKIP() << "BINFERRY_TEST_MYSQL is not set; tests/run.sh sets it";
    directory_ =
        absl::StrCat(testing::TempDir(), "/binferry_private_", getpid());
    Stack(absl::StrCat("up mysql --owner-pid ", getpid()));
    for (const absl::string_view line : absl::StrSplit(Stack("env"), '\n')) {
      absl::string_view address = line;
      if (!absl::ConsumePrefix(&address, "export BINFERRY_TEST_MYSQL="))
        continue;
      const std::vector<std::string> parts = absl::StrSplit(address, ':');
      int port = 0;
      ASSERT_TRUE(parts.size() == 2 && absl::SimpleAtoi(parts[1], &port));
      options_.host = parts[0];
      options_.port = static_cast<uint16_t>(port);
    }
    options_.user = "root";
    ConnectRoot();
  }

  void TearDown() override {
    root_.reset();
    if (!directory_.empty()) Stack("down");
  }

  void ConnectRoot() {
    auto root = Connection::Connect(options_);
    ASSERT_THAT(root, IsOk());
    root_ = *std::move(root);
  }

  // Runs a command of deploy/dev/stack on this server and returns its output.
  std::string Stack(const std::string& command) const {
    const std::string line =
        absl::StrCat(BINFERRY_SOURCE_DIR "/deploy/dev/stack ", command,
                     " --dir ", directory_);
    std::string output;
    FILE* const pipe = popen(line.c_str(), "r");
    char part[4096];
    while (pipe != nullptr && std::fgets(part, sizeof part, pipe) != nullptr)
      output += part;
    EXPECT_TRUE(pipe != nullptr && pclose(pipe) == 0) << line << output;
    return output;
  }

  // Runs a statement as root and returns its rows.
  std::vector<TextRow> Run(const std::string& statement) {
    auto rows = root_->Query(statement);
    EXPECT_THAT(rows, IsOk()) << statement;
    return rows.ok() ? *std::move(rows) : std::vector<TextRow>();
  }

  void RunAll(const std::vector<std::string>& statements) {
    for (const std::string& statement : statements) Run(statement);
  }

  // The first value of the first row, "" for none.
  std::string RunForText(const std::string& statement) {
    const std::vector<TextRow> rows = Run(statement);
    return rows.empty() || rows[0].empty() ? "" : rows[0][0].value_or("");
  }

  std::string directory_;
  ConnectionOptions options_;
  std::unique_ptr<Connection> root_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_TESTING_PRIVATE_SERVER_H_
