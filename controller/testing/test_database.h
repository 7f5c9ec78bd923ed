// A database of its own for a test.
#ifndef BINFERRY_CONTROLLER_TESTING_TEST_DATABASE_H_
#define BINFERRY_CONTROLLER_TESTING_TEST_DATABASE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "controller/store/pg_connection.h"

namespace binferry::controller {

// Whether BINFERRY_TEST_POSTGRES names a server; tests that need one skip
// themselves without it:
//   if (!HasTestPostgres()) GTEST_SKIP() << kNoTestPostgres;
bool HasTestPostgres();
inline constexpr char kNoTestPostgres[] =
    "set BINFERRY_TEST_POSTGRES to a connection string of a superuser, or use "
    "tests/run.sh";

// Created empty, dropped when it goes. Thread-compatible.
class TestDatabase {
 public:
  static absl::StatusOr<std::unique_ptr<TestDatabase>> Create();
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  const std::string& connection_string() const { return connection_string_; }

  // Refuses connections and ends those that are open, as if the server were
  // away; and back.
  absl::Status TakeAway();
  absl::Status BringBack();

  // Every row of every table as text, bytea in hex.
  absl::StatusOr<std::string> Dump();

 private:
  TestDatabase(std::string name, std::string connection_string)
      : name_(std::move(name)),
        connection_string_(std::move(connection_string)) {}

  const std::string name_;
  const std::string connection_string_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_TESTING_TEST_DATABASE_H_
