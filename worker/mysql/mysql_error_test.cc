#include "worker/mysql/mysql_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

ConnectionOptions Options() {
  ConnectionOptions options;
  options.host = "db";
  options.port = 3307;
  options.user = "ferry";
  options.password = "hush";
  return options;
}

TEST(MysqlErrorTest, DeniedAccessNamesUserHostAndFields) {
  for (const unsigned int code : {1045U, 1698U}) {
    EXPECT_THAT(
        ConnectError(Options(), {code, "Access denied"}),
        StatusIs(StatusCode::kPermissionDenied,
                 AllOf(HasSubstr("access denied for user ferry at "
                                 "db:3307"),
                       HasSubstr("source.username"),
                       HasSubstr("source.password"), Not(HasSubstr("hush")))));
  }
  EXPECT_THAT(ConnectError(Options(), {3118, "Account is locked"}),
              StatusIs(StatusCode::kPermissionDenied, HasSubstr("locked")));
  EXPECT_THAT(ConnectError(Options(), {1130, "Host not allowed"}),
              StatusIs(StatusCode::kPermissionDenied, HasSubstr("ferry")));
}

TEST(MysqlErrorTest, TellsTheWaysOfNotReachingAServerApart) {
  EXPECT_THAT(ConnectError(Options(), {2005, "Unknown MySQL server host 'db'"}),
              StatusIs(StatusCode::kUnavailable, HasSubstr("not resolve")));
  EXPECT_THAT(
      ConnectError(Options(), {2002, "Can't connect to server on 'db' (111)"}),
      StatusIs(StatusCode::kUnavailable, HasSubstr("refuses connections")));
  EXPECT_THAT(
      ConnectError(Options(), {2002, "Can't connect to server on 'db' (110)"}),
      StatusIs(StatusCode::kUnavailable, HasSubstr("in time")));
  EXPECT_THAT(ConnectError(Options(), {2013, "Lost connection"}),
              StatusIs(StatusCode::kUnavailable, HasSubstr("db:3307")));
  EXPECT_THAT(ConnectError(Options(), {1040, "Too many connections"}),
              StatusIs(StatusCode::kUnavailable, HasSubstr("max_connections")));
}

TEST(MysqlErrorTest, ATlsMismatchIsASettingAndABrokenHandshakeTheNetwork) {
  EXPECT_THAT(
      ConnectError(Options(), {2026,
                               "TLS/SSL error: certificate verify "
                               "failed"}),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("source.tls_mode")));
  EXPECT_THAT(
      ConnectError(Options(), {2026,
                               "SSL is required, but the server does not "
                               "support it"}),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("offers no TLS")));
  EXPECT_THAT(ConnectError(Options(),
                           {2026, "TLS/SSL error: Connection reset by peer"}),
              StatusIs(StatusCode::kUnavailable));
}

TEST(MysqlErrorTest, AQuerysErrorSaysWhatKindOfFailureItIs) {
  EXPECT_THAT(QueryError("db:3306", "SHOW X", {1064, "syntax"}),
              StatusIs(StatusCode::kUnimplemented, HasSubstr("'SHOW X'")));
  EXPECT_THAT(QueryError("db:3306", "SHOW X", {1227, "you need"}),
              StatusIs(StatusCode::kPermissionDenied, HasSubstr("GRANT")));
  EXPECT_THAT(QueryError("db:3306", "SHOW X", {2006, "gone"}),
              StatusIs(StatusCode::kUnavailable));
  // An established TLS connection whose peer is gone.
  const MysqlError hung_up = {2026,
                              "TLS/SSL error: unexpected eof while reading"};
  EXPECT_THAT(QueryError("db:3306", "SHOW X", hung_up),
              StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(DumpError("db:3306", hung_up),
              StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(QueryError("db:3306", "SHOW X", {1146, "no table"}),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("1146")));
}

// Texts as MySQL 9.7.4 sends them, cut where they go on.
TEST(MysqlErrorTest, KnowsTheReasonsThatEndADump) {
  const auto fatal = [](const std::string& text) {
    return DumpError("db:3306", {1236, text});
  };
  EXPECT_THAT(
      fatal("Cannot replicate because the source purged required binary logs. "
            "The GTID set missing transactions are '0c8b-1:1-3'"),
      StatusIs(StatusCode::kDataLoss,
               AllOf(HasSubstr("purged"), HasSubstr("0c8b-1:1-3"),
                     HasSubstr("binlog_expire_logs_seconds"))));
  for (const std::string lost :
       {"Could not find first log file name in binary log index file",
        "Client requested source to start replication from position > file "
        "size",
        "binlog truncated in the middle of event; consider out of disk space "
        "on source",
        "Replica has more GTIDs than the source has, using the source's "
        "SERVER_UUID.",
        "could not find next log; the first event",
        "log event entry exceeded max_allowed_packet"}) {
    EXPECT_THAT(fatal(lost), StatusIs(StatusCode::kDataLoss, HasSubstr(lost)));
  }
  EXPECT_THAT(fatal("A replica with the same server_uuid/server_id as this "
                    "replica has connected to the source"),
              StatusIs(StatusCode::kAborted, HasSubstr("another reader")));
  EXPECT_THAT(fatal("Binary log is not open"),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("log_bin")));
  EXPECT_THAT(fatal("Client requested source to start replication from "
                    "position < 4"),
              StatusIs(StatusCode::kInternal));
  EXPECT_THAT(fatal("Replica can not handle replication events with the "
                    "checksum that source is configured to log"),
              StatusIs(StatusCode::kInternal, HasSubstr("checksum")));
  EXPECT_THAT(DumpError("db:3306", {1773, "Malformed GTID set encoding"}),
              StatusIs(StatusCode::kInternal, HasSubstr("Malformed GTID")));
  EXPECT_THAT(fatal("something new"), StatusIs(StatusCode::kFailedPrecondition,
                                               HasSubstr("something new")));
  EXPECT_THAT(DumpError("db:3306", {1227, "you need REPLICATION SLAVE"}),
              StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(DumpError("db:3306", {2013, "Lost connection"}),
              StatusIs(StatusCode::kUnavailable));
}

}  // namespace
}  // namespace binferry::worker
