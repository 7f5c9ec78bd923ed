#include "worker/mysql/source_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/mysql/source_check.h"
#include "worker/mysql/start_position.h"
#include "worker/mysql/testing/test_server.h"

namespace binferry::worker {
namespace {

using testing::ElementsAre;
using testing::Field;

class SourceCatalogTest : public TestServer {};

TEST_F(SourceCatalogTest, ReadsTheVariablesThatMatter) {
  const auto variables = ReadSourceVariables(root_.get());
  ASSERT_THAT(variables, IsOk());
  EXPECT_EQ(variables->version, RunForText("SELECT @@version"));
  EXPECT_EQ(variables->server_uuid, RunForText("SELECT @@server_uuid"));
  EXPECT_EQ(absl::StrCat(variables->server_id),
            RunForText("SELECT @@server_id"));
  EXPECT_TRUE(variables->log_bin);
  EXPECT_EQ(variables->binlog_format,
            RunForText("SELECT @@global.binlog_format"));
  EXPECT_EQ(variables->binlog_row_image, "FULL");
  EXPECT_EQ(variables->binlog_row_metadata,
            RunForText("SELECT @@global.binlog_row_metadata"));
  EXPECT_EQ(variables->gtid_mode, RunForText("SELECT @@global.gtid_mode"));
  ASSERT_TRUE(variables->binlog_expire_logs_seconds.has_value());
  EXPECT_FALSE(variables->is_mariadb());
}

TEST_F(SourceCatalogTest, ThePositionMovesWithTheBinlog) {
  const auto before = ReadSourcePosition(root_.get());
  ASSERT_THAT(before, IsOk());
  Run("CREATE TABLE IF NOT EXISTS moves (id INT PRIMARY KEY)");
  Run("DROP TABLE moves");
  const auto after = ReadSourcePosition(root_.get());
  ASSERT_THAT(after, IsOk());
  EXPECT_NE(after->coordinates, before->coordinates);
  EXPECT_TRUE(after->gtid_executed.Contains(before->gtid_executed));
  const auto files = ListBinlogFiles(root_.get());
  ASSERT_THAT(files, IsOk());
  EXPECT_THAT(*files, testing::Contains(
                          Field(&BinlogFile::name, after->coordinates.file)));
}

TEST_F(SourceCatalogTest, FindsWhatIsMissingAndCallsItByItsField) {
  Run("CREATE TABLE IF NOT EXISTS present (id INT PRIMARY KEY)");
  const auto missing = FindMissingObjects(
      root_.get(), {{"objects[0]", kDatabase, ""},
                    {"objects[1]", "binferry_no_such", ""},
                    {"objects[2].tables[0]", kDatabase, "present"},
                    {"objects[2].tables[1]", kDatabase, "absent'quote"},
                    {"objects[3].tables[0]", "binferry_no_such", "t"}});
  ASSERT_THAT(missing, IsOk());
  EXPECT_THAT(
      *missing,
      ElementsAre(Field(&RequiredObject::field, "objects[1]"),
                  Field(&RequiredObject::field, "objects[2].tables[1]"),
                  Field(&RequiredObject::field, "objects[3].tables[0]")));
}

TEST_F(SourceCatalogTest, SeesPrivilegesAlsoThroughRoles) {
  const ConnectionOptions options = NewUser("binferry_mysql_role");
  {
    const auto connection = Connection::Connect(options);
    ASSERT_THAT(connection, IsOk());
    const auto privileges = ReadSourcePrivileges(connection->get());
    ASSERT_THAT(privileges, IsOk());
    EXPECT_FALSE(privileges->replication_slave);
    EXPECT_FALSE(privileges->replication_client);
  }
  Run("DROP ROLE IF EXISTS binferry_mysql_reader");
  Run("CREATE ROLE binferry_mysql_reader");
  Run("GRANT REPLICATION SLAVE ON *.* TO binferry_mysql_reader");
  Run("GRANT binferry_mysql_reader TO binferry_mysql_role");
  Run("SET DEFAULT ROLE binferry_mysql_reader TO binferry_mysql_role");
  const auto connection = Connection::Connect(options);
  ASSERT_THAT(connection, IsOk());
  const auto privileges = ReadSourcePrivileges(connection->get());
  ASSERT_THAT(privileges, IsOk());
  EXPECT_TRUE(privileges->replication_slave);
  EXPECT_FALSE(privileges->replication_client);
}

TEST_F(SourceCatalogTest, ChecksAServerThatIsSetUpRight) {
  const auto facts =
      ReadSourceFacts(root_.get(), "root", {{"objects[0]", kDatabase, ""}});
  ASSERT_THAT(facts, IsOk());
  if (facts->variables.binlog_row_metadata != "FULL")
    GTEST_SKIP() << "the server runs without binlog_row_metadata=FULL";
  EXPECT_THAT(CheckSource(*facts).ToStatus(), IsOk());
}

TEST_F(SourceCatalogTest, ResolvesNowToWhatIsExecuted) {
  const auto history = ReadSourceHistory(root_.get());
  ASSERT_THAT(history, IsOk());
  const auto checkpoint = ResolveStartPosition(StartNow{}, *history);
  ASSERT_THAT(checkpoint, IsOk());
  EXPECT_EQ(checkpoint->uses_gtid, history->variables.uses_gtid());
  EXPECT_EQ(checkpoint->file, history->position.coordinates.file);
  EXPECT_EQ(checkpoint->server_uuid, history->variables.server_uuid);
  EXPECT_THAT(CheckResumable(*checkpoint, history->variables, history->where),
              IsOk());
}

}  // namespace
}  // namespace binferry::worker
