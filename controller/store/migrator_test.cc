#include "controller/store/migrator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "controller/testing/test_database.h"

namespace binferry::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kDirectory = absl::StrCat(BINFERRY_SOURCE_DIR, "/migrations");

// Tables, indexes, constraints and sequences, one a line, in order: what
// migrations/schema.sql must say.
constexpr char kDescribe[] = R"sql(
SELECT line FROM (
  SELECT format('table %s column %s %s%s%s', c.relname, a.attname,
    format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
    coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')) AS line,
    1 AS part, c.relname AS name, a.attnum::text AS place
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT format('table %s constraint %s %s', conrelid::regclass, conname,
    pg_get_constraintdef(oid)), 2, conrelid::regclass::text, conname
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    AND contype IN ('c', 'f', 'p', 'u')
  UNION ALL
  SELECT 'index ' || indexdef, 3, tablename, indexname
  FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL
  SELECT format('sequence %s from %s to %s%s', sequencename, min_value,
    max_value, CASE WHEN cycle THEN ' cycle' ELSE '' END), 4, sequencename, ''
  FROM pg_sequences WHERE schemaname = 'public'
) AS lines ORDER BY part, name COLLATE "C",
  CASE WHEN part = 1 THEN lpad(place, 5) ELSE place END COLLATE "C"
)sql";

class MigratorTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HasTestPostgres()) GTEST_SKIP() << kNoTestPostgres;
    auto database = TestDatabase::Create();
    ASSERT_THAT(database, IsOk());
    database_ = *std::move(database);
    options_.connection_string = database_->connection_string();
    auto migrations = ReadMigrations(kDirectory);
    ASSERT_THAT(migrations, IsOk());
    migrations_ = *std::move(migrations);
  }

  std::string Describe() {
    const auto connection = PgConnection::Open(options_);
    EXPECT_THAT(connection, IsOk());
    const auto rows = (*connection)->Execute(kDescribe);
    EXPECT_THAT(rows, IsOk());
    std::string text;
    for (size_t i = 0; i < rows->size(); ++i) {
      absl::StrAppend(&text, (*rows)[i].Text("line"), "\n");
    }
    return text;
  }

  std::unique_ptr<TestDatabase> database_;
  PgOptions options_;
  std::vector<Migration> migrations_;
};

// BINFERRY_UPDATE_GOLDEN=1 writes the page anew.
TEST_F(MigratorTest, TheSchemaIsTheOneThatIsWrittenDown) {
  ASSERT_THAT(Migrate(options_, migrations_), IsOk());
  const std::string path = absl::StrCat(kDirectory, "/schema.sql");
  const std::string heading =
      "-- The schema after all migrations, as the catalog describes it. "
      "Compared by\n-- MigratorTest; BINFERRY_UPDATE_GOLDEN=1 writes it "
      "anew.\n";
  std::string present = heading;
  std::istringstream lines(Describe());
  for (std::string line; std::getline(lines, line);) {
    absl::StrAppend(&present, "-- ", line, "\n");
  }
  if (getenv("BINFERRY_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << present;
  }
  std::ifstream file(path);
  std::ostringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(present, golden.str());
}

TEST_F(MigratorTest, ASecondRunChangesNothing) {
  ASSERT_THAT(Migrate(options_, migrations_), IsOk());
  const std::string before = Describe();
  EXPECT_THAT(before, Not(IsEmpty()));
  EXPECT_THAT(Migrate(options_, migrations_), IsOk());
  EXPECT_EQ(Describe(), before);
}

TEST_F(MigratorTest, ManyMayStartAtOnce) {
  std::vector<absl::Status> statuses(6);
  {
    std::vector<std::jthread> threads;
    for (absl::Status& status : statuses) {
      threads.emplace_back([&] { status = Migrate(options_, migrations_); });
    }
  }
  for (const absl::Status& status : statuses) EXPECT_THAT(status, IsOk());
}

TEST_F(MigratorTest, AChangedMigrationIsRefused) {
  ASSERT_THAT(Migrate(options_, migrations_), IsOk());
  std::vector<Migration> changed = migrations_;
  changed[0].checksum = "other";
  EXPECT_THAT(Migrate(options_, changed),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr(migrations_[0].name)));
}

TEST_F(MigratorTest, ADatabaseOfANewerReleaseIsRefused) {
  std::vector<Migration> newer = migrations_;
  newer.push_back({.number = static_cast<int>(newer.size()) + 1,
                   .name = "9999_add_future.sql",
                   .sql = "CREATE TABLE future (x integer)",
                   .checksum = "x"});
  ASSERT_THAT(Migrate(options_, newer), IsOk());
  EXPECT_THAT(Migrate(options_, migrations_),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("newer release")));
}

TEST_F(MigratorTest, AMigrationThatFailsLeavesNothing) {
  std::vector<Migration> broken = migrations_;
  broken.push_back({.number = static_cast<int>(broken.size()) + 1,
                    .name = "9999_break.sql",
                    .sql = "CREATE TABLE half (x integer); SELECT 1/0",
                    .checksum = "x"});
  EXPECT_THAT(Migrate(options_, broken),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("9999_break")));
  EXPECT_THAT(Describe(), Not(HasSubstr("half")));
  EXPECT_THAT(Migrate(options_, migrations_), IsOk());
}

TEST_F(MigratorTest, ADirectoryWithoutMigrationsIsNamed) {
  EXPECT_THAT(ReadMigrations("/nowhere"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere")));
}

}  // namespace
}  // namespace binferry::controller
