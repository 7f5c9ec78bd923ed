#include "worker/mysql/source_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SourceFacts GoodFacts() {
  SourceFacts facts;
  facts.where = "db:3306";
  facts.user = "ferry";
  facts.variables.version = "9.7.4";
  facts.variables.server_id = 1;
  facts.variables.log_bin = true;
  facts.variables.binlog_format = "ROW";
  facts.variables.binlog_row_image = "FULL";
  facts.variables.binlog_row_metadata = "FULL";
  facts.variables.gtid_mode = "ON";
  facts.variables.binlog_expire_logs_seconds = 2592000;
  facts.privileges = {true, true};
  return facts;
}

TEST(SourceCheckTest, AGoodSourceHasNeitherViolationsNorNotes) {
  const SourceReport report = CheckSource(GoodFacts());
  EXPECT_THAT(report.violations, IsEmpty());
  EXPECT_THAT(report.notes, IsEmpty());
  EXPECT_THAT(report.ToStatus(), IsOk());
}

TEST(SourceCheckTest, ABinlogThatIsOffIsTheOnlyBinlogFault) {
  SourceFacts facts = GoodFacts();
  facts.variables.log_bin = false;
  facts.variables.binlog_format = "STATEMENT";
  EXPECT_THAT(CheckSource(facts).violations,
              ElementsAre(StatusIs(StatusCode::kFailedPrecondition,
                                   HasSubstr("log_bin"))));
}

TEST(SourceCheckTest, StatementFormatNamesTheRemedy) {
  SourceFacts facts = GoodFacts();
  facts.variables.binlog_format = "STATEMENT";
  EXPECT_THAT(CheckSource(facts).violations,
              ElementsAre(StatusIs(
                  StatusCode::kFailedPrecondition,
                  AllOf(HasSubstr("db:3306"), HasSubstr("is STATEMENT"),
                        HasSubstr("SET GLOBAL binlog_format=ROW")))));
}

TEST(SourceCheckTest, NeedsFullRowMetadata) {
  SourceFacts facts = GoodFacts();
  facts.variables.binlog_row_metadata = "MINIMAL";
  EXPECT_THAT(CheckSource(facts).violations,
              ElementsAre(StatusIs(StatusCode::kFailedPrecondition,
                                   HasSubstr("binlog_row_metadata=FULL"))));
  facts.variables.version = "5.7.22";
  facts.variables.binlog_row_metadata = "";
  EXPECT_THAT(CheckSource(facts).violations,
              ElementsAre(StatusIs(StatusCode::kFailedPrecondition,
                                   HasSubstr("version 5.7.22"))));
}

TEST(SourceCheckTest, NamesMissingPrivilegesAndObjects) {
  SourceFacts facts = GoodFacts();
  facts.privileges = {false, false};
  facts.missing_objects = {{"objects[0].database", "shop", ""},
                           {"objects[1].tables[2]", "shop", "cart"}};
  const SourceReport report = CheckSource(facts);
  EXPECT_THAT(
      report.violations,
      ElementsAre(StatusIs(StatusCode::kPermissionDenied,
                           HasSubstr("GRANT REPLICATION SLAVE")),
                  StatusIs(StatusCode::kPermissionDenied,
                           HasSubstr("GRANT REPLICATION CLIENT")),
                  StatusIs(StatusCode::kFailedPrecondition,
                           HasSubstr("objects[0].database: database shop")),
                  StatusIs(StatusCode::kFailedPrecondition,
                           HasSubstr("objects[1].tables[2]: table "
                                     "shop.cart"))));
  EXPECT_THAT(report.ToStatus(), StatusIs(StatusCode::kPermissionDenied,
                                          AllOf(HasSubstr("REPLICATION SLAVE"),
                                                HasSubstr("shop.cart"))));
}

TEST(SourceCheckTest, NotesWhatAUserMayAccept) {
  SourceFacts facts = GoodFacts();
  facts.variables.binlog_row_image = "MINIMAL";
  facts.variables.gtid_mode = "OFF";
  facts.variables.binlog_expire_logs_seconds = 3600;
  const SourceReport report = CheckSource(facts);
  EXPECT_THAT(report.violations, IsEmpty());
  EXPECT_THAT(report.notes,
              ElementsAre(HasSubstr("binlog_row_image is MINIMAL"),
                          HasSubstr("gtid_mode is OFF"), HasSubstr("3600 s")));
}

TEST(SourceCheckTest, WarnsOfJsonDifferencesWithoutTheirDocuments) {
  SourceFacts facts = GoodFacts();
  facts.variables.binlog_row_value_options = "PARTIAL_JSON";
  facts.variables.binlog_transaction_compression = "ON";
  EXPECT_THAT(CheckSource(facts).notes, IsEmpty());
  for (const char* image : {"MINIMAL", "NOBLOB"}) {
    facts.variables.binlog_row_image = image;
    const SourceReport report = CheckSource(facts);
    EXPECT_THAT(report.violations, IsEmpty());
    EXPECT_THAT(
        report.notes,
        ElementsAre(HasSubstr("records carry only"),
                    AllOf(HasSubstr(image), HasSubstr("is PARTIAL_JSON"),
                          HasSubstr("SET PERSIST binlog_row_image=FULL"))));
  }
}

TEST(SourceCheckTest, NotesThatASplitUpdateMayLackColumns) {
  SourceFacts facts = GoodFacts();
  facts.records_go_by_key = true;
  EXPECT_THAT(CheckSource(facts).notes, IsEmpty());
  facts.variables.binlog_row_image = "MINIMAL";
  const SourceReport report = CheckSource(facts);
  EXPECT_THAT(report.violations, IsEmpty());
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("records carry only"),
                                        HasSubstr("PRIMARY_KEY_HASH")));
}

}  // namespace
}  // namespace binferry::worker
