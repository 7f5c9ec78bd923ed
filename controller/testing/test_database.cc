#include "controller/testing/test_database.h"

#include <stdlib.h>
#include <unistd.h>

#include <atomic>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status_macros.h"

namespace binferry::controller {
namespace {

constexpr char kVariable[] = "BINFERRY_TEST_POSTGRES";

// Of the server's own database.
absl::StatusOr<std::unique_ptr<PgConnection>> Connect(
    const std::string& connection_string) {
  PgOptions options;
  options.connection_string = connection_string;
  return PgConnection::Open(options);
}

absl::Status RunOnServer(const std::string& sql) {
  BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<PgConnection> server,
                            Connect(getenv(kVariable)));
  return server->Execute(sql).status();
}

}  // namespace

bool HasTestPostgres() {
  const char* value = getenv(kVariable);
  return value != nullptr && *value != '\0';
}

absl::StatusOr<std::unique_ptr<TestDatabase>> TestDatabase::Create() {
  static std::atomic<int> number = 0;
  const std::string name =
      absl::StrCat("binferry_test_", getpid(), "_",
                   absl::ToUnixMicros(absl::Now()), "_", number.fetch_add(1));
  BINFERRY_RETURN_IF_ERROR(RunOnServer(absl::StrCat("CREATE DATABASE ", name)));
  const std::string server = getenv(kVariable);
  if (absl::StrContains(server, "://")) {
    return absl::UnimplementedError(
        absl::StrCat(kVariable, " must have the form key=value"));
  }
  // The last value of a key wins.
  return absl::WrapUnique(
      new TestDatabase(name, absl::StrCat(server, " dbname=", name)));
}

TestDatabase::~TestDatabase() {
  RunOnServer(absl::StrCat("DROP DATABASE IF EXISTS ", name_, " WITH (FORCE)"))
      .IgnoreError();
}

absl::Status TestDatabase::TakeAway() {
  BINFERRY_RETURN_IF_ERROR(RunOnServer(
      absl::StrCat("ALTER DATABASE ", name_, " ALLOW_CONNECTIONS false")));
  return RunOnServer(
      absl::StrCat("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                   "WHERE datname = '",
                   name_, "'"));
}

absl::Status TestDatabase::BringBack() {
  return RunOnServer(
      absl::StrCat("ALTER DATABASE ", name_, " ALLOW_CONNECTIONS true"));
}

absl::StatusOr<std::string> TestDatabase::Dump() {
  BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<PgConnection> connection,
                            Connect(connection_string_));
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows tables,
      connection->Execute("SELECT format('%I.%I', schemaname, tablename) AS t "
                          "FROM pg_tables WHERE schemaname NOT IN "
                          "('pg_catalog', 'information_schema')"));
  std::string dump;
  for (size_t i = 0; i < tables.size(); ++i) {
    const std::string table = tables[i].Text("t");
    BINFERRY_ASSIGN_OR_RETURN(const PgRows rows,
                              connection->Execute(absl::StrCat(
                                  "SELECT x::text AS r FROM ", table, " x")));
    for (size_t row = 0; row < rows.size(); ++row) {
      absl::StrAppend(&dump, table, ": ", rows[row].Text("r"), "\n");
    }
  }
  return dump;
}

}  // namespace binferry::controller
