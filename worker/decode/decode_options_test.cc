#include "worker/decode/decode_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <variant>
#include <vector>

#include "common/exit_code.h"
#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ParsedDecodeOptions Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "decode");
  return ParseDecodeOptions(static_cast<int>(arguments.size()),
                            arguments.data());
}

TEST(DecodeOptionsTest, TakesFiles) {
  const ParsedDecodeOptions parsed =
      Parse({"--database", "a", "--database", "b", "--table", "t", "x/f.1", "-",
             "--start-position", "150", "f.2", "--stop-position", "900",
             "--format", "json-c", "--keep-going"});
  ASSERT_FALSE(parsed.exit_code.has_value());
  EXPECT_THAT(parsed.options.files, ElementsAre("x/f.1", "-", "f.2"));
  EXPECT_THAT(parsed.options.filter.databases, ElementsAre("a", "b"));
  EXPECT_THAT(parsed.options.filter.tables, ElementsAre("t"));
  EXPECT_EQ(parsed.options.start_position, 150u);
  EXPECT_EQ(parsed.options.stop, (Coordinates{"f.2", 900}));
  EXPECT_EQ(parsed.options.format, RecordFormat::kJsonC);
  EXPECT_TRUE(parsed.options.keeps_going);
  EXPECT_FALSE(parsed.options.server.has_value());
}

TEST(DecodeOptionsTest, PrintsEventsAndChangesUnlessToldWhich) {
  const DecodeOptions both = Parse({"f"}).options;
  EXPECT_TRUE(both.prints_events && both.prints_changes);
  const DecodeOptions changes = Parse({"f", "--changes"}).options;
  EXPECT_TRUE(!changes.prints_events && changes.prints_changes);
  const DecodeOptions events = Parse({"f", "--events"}).options;
  EXPECT_TRUE(events.prints_events && !events.prints_changes);
  const DecodeOptions named = Parse({"f", "--events", "--changes"}).options;
  EXPECT_TRUE(named.prints_events && named.prints_changes);
}

TEST(DecodeOptionsTest, TakesAServer) {
  setenv("BINFERRY_DECODE_PASSWORD", "s3cret", 1);
  const ParsedDecodeOptions parsed =
      Parse({"--from", "mysql://u@db:3307/", "--tls-mode", "VERIFY_CA",
             "--start", "binlog.000003:4", "--follow"});
  unsetenv("BINFERRY_DECODE_PASSWORD");
  ASSERT_FALSE(parsed.exit_code.has_value());
  const DecodedServer& server = *parsed.options.server;
  EXPECT_EQ(server.connection.host, "db");
  EXPECT_EQ(server.connection.password, "s3cret");
  EXPECT_EQ(server.connection.tls_mode, TlsMode::kVerifyCa);
  EXPECT_EQ(std::get<StartAtCoordinates>(*server.start).coordinates,
            (Coordinates{"binlog.000003", 4}));
  EXPECT_TRUE(server.follows);

  EXPECT_FALSE(Parse({"--from", "mysql://u@db"}).options.server->start);
  EXPECT_TRUE(std::holds_alternative<StartNow>(
      *Parse({"--from", "mysql://u@db", "--start", "now"})
           .options.server->start));
  EXPECT_EQ(std::get<StartAfterGtidSet>(
                *Parse({"--from", "mysql://u@db", "--gtid", "x:1"})
                     .options.server->start)
                .gtid_set,
            "x:1");
}

TEST(DecodeOptionsTest, RefusesWhatMakesNoSense) {
  const std::vector<std::pair<std::vector<const char*>, const char*>> wrong = {
      {{}, "--from"},
      {{"f", "--from", "mysql://u@h"}, "--from"},
      {{"f", "--start", "now"}, "--start"},
      {{"f", "--follow"}, "--follow"},
      {{"f", "--gtid", "x:1"}, "--gtid"},
      {{"f", "--stop", "f:5"}, "--stop"},
      {{"f", "--server-id", "5"}, "--server-id"},
      {{"f", "--password-file", "p"}, "--password-file"},
      {{"f", "--start-position", "3"}, "--start-position"},
      {{"a/f", "b/f", "--stop-position", "9"}, "--stop-position"},
      {{"f", "--format", "xml"}, "--format"},
      {{"f", "--nonsense"}, "--nonsense"},
      {{"--from", "mysql://u@h", "--start-position", "9"}, "--start-position"},
      {{"--from", "mysql://u@h", "--start", "f"}, "--start"},
      {{"--from", "mysql://u@h", "--stop", "f:3"}, "--stop"},
      {{"--from", "mysql://u@h", "--start", "f:4", "--gtid", "x:1"}, "--gtid"},
      {{"--from", "mysql://u@h", "--tls-mode", "maybe"}, "--tls-mode"},
      {{"--from", "mysql://u@h", "--cert", "/dev/null"}, "--cert"},
      {{"--from", "mysql://u@h", "--ca", "/dev/null"}, "--ca"},
      {{"--from", "mysql://u@h", "--ca", "/gone"}, "/gone"},
      {{"--from", "http://u@h"}, "--from"}};
  for (const auto& [arguments, named] : wrong) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(Parse(arguments).exit_code, kExitUsage) << named;
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(named));
  }
}

TEST(DecodeOptionsTest, ParsesAddresses) {
  const auto plain = ParseServerAddress("mysql://root@127.0.0.1");
  ASSERT_THAT(plain, IsOk());
  EXPECT_EQ(plain->user, "root");
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->port, 3306);
  const auto odd = ParseServerAddress("mysql://a%40b%3Ac@[::1]:65535/");
  ASSERT_THAT(odd, IsOk());
  EXPECT_EQ(odd->user, "a@b:c");
  EXPECT_EQ(odd->host, "::1");
  EXPECT_EQ(odd->port, 65535);
  EXPECT_EQ(ParseServerAddress("mysql://u@[fe80::1]")->host, "fe80::1");
}

TEST(DecodeOptionsTest, RefusesOtherAddressesWithoutRepeatingThem) {
  for (const char* text :
       {"", "h:3306", "mysql://", "mysql://h", "mysql://@h", "mysql://u@",
        "mysql://u@h:0", "mysql://u@h:65536", "mysql://u@h:x", "mysql://u@::1",
        "mysql://u@[::1", "mysql://u@h/db", "mysql://u%4@h", "mysql://u%zz@h",
        "mysql://u@:3306", "mysql://u:s3cret@h"}) {
    const absl::Status status = ParseServerAddress(text).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument)) << text;
    EXPECT_THAT(std::string(status.message()),
                testing::Not(HasSubstr("s3cret")));
  }
}

TEST(DecodeOptionsTest, ParsesCoordinates) {
  EXPECT_EQ(*ParseCoordinates("a:b.000001:5000000000"),
            (Coordinates{"a:b.000001", 5000000000}));
  for (const char* text : {"", "f", "f:", ":5", "f:3", "f:-5", "f:5x"}) {
    EXPECT_THAT(ParseCoordinates(text),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

}  // namespace
}  // namespace binferry::worker
