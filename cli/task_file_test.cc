#include "cli/task_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "common/status_details.h"
#include "common/testing/status_matchers.h"

namespace binferry::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

SecretSources FakeSources() {
  return {
      .environment = [](const std::string& name) -> std::optional<std::string> {
        if (name == "PW") return "from-env";
        return std::nullopt;
      },
      .file = [](const std::string& path) -> absl::StatusOr<std::string> {
        if (path == "/pw") return "from-file\n";
        if (path == "/store") return std::string("\0jks\n", 5);
        return absl::NotFoundError("/nowhere: no such file");
      },
  };
}

absl::StatusOr<TaskFile> Parse(absl::string_view text,
                               const std::vector<std::string>& settings = {}) {
  return ParseTaskFile("task.yaml", text, settings, FakeSources());
}

MATCHER_P(FailsSaying, text, "") {
  return testing::ExplainMatchResult(
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(text)), arg,
      result_listener);
}

constexpr char kTask[] = R"(
id: orders
description: shop to bus
tags: {team: a, tier: "1"}
placement:
  region: local
  networkType: VPC
source:
  host: 127.0.0.1
  port: 3306
  username: root
  password: {env: PW}
destination:
  bootstrap_servers: ["127.0.0.1:9092"]
  securityProtocol: SECURITY_PROTOCOL_SASL_SSL
  password: {file: /pw}
objects:
  databases:
    - name: shop
      tables:
        - {name: orders, mappedName: o}
topicPolicy:
  autoTopics: {partitions: 3}
startTime: 2026-01-31T22:00:00Z
)";

TEST(TaskFileTest, ReadsEveryKindOfField) {
  const absl::StatusOr<TaskFile> file = Parse(kTask);
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->id, "orders");
  const v1::Task& task = file->task;
  EXPECT_EQ(task.description(), "shop to bus");
  EXPECT_EQ(task.tags().at("tier"), "1");
  EXPECT_EQ(task.placement().network_type(), v1::NETWORK_TYPE_VPC);
  EXPECT_EQ(task.source().port(), 3306u);
  EXPECT_EQ(task.source().password(), "from-env");
  EXPECT_EQ(task.destination().password(), "from-file");
  EXPECT_EQ(task.destination().security_protocol(),
            v1::SECURITY_PROTOCOL_SASL_SSL);
  EXPECT_THAT(task.destination().bootstrap_servers(),
              ElementsAre("127.0.0.1:9092"));
  EXPECT_EQ(task.objects().databases(0).tables(0).mapped_name(), "o");
  EXPECT_EQ(task.topic_policy().auto_topics().partitions(), 3u);
  EXPECT_EQ(task.start_time().seconds(), 1769896800);
  EXPECT_TRUE(file->plain_secrets.empty());
  EXPECT_EQ(file->lines.at("source.port"), 10);
}

TEST(TaskFileTest, ReadsJsonToo) {
  const absl::StatusOr<TaskFile> file =
      Parse(R"({"id": "orders", "source": {"port": "3306"}})");
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->task.source().port(), 3306u);
}

TEST(TaskFileTest, UnknownKeyNamesLineAndNearest) {
  EXPECT_THAT(Parse("source:\n  host: a\n  pasword: x\n"),
              FailsSaying("task.yaml:3: unknown key `pasword` in source; did "
                          "you mean `password`?"));
  EXPECT_THAT(Parse("zzzzzzzz: 1\n"), FailsSaying("known are: "));
}

TEST(TaskFileTest, WrongTypesNameTheLine) {
  EXPECT_THAT(Parse("source:\n  port: many\n"),
              FailsSaying("task.yaml:2: source.port must be a whole number"));
  EXPECT_THAT(Parse("source: here\n"), FailsSaying("task.yaml:1: source"));
  EXPECT_THAT(Parse("objects:\n  databases: shop\n"),
              FailsSaying("task.yaml:2: objects.databases must be a list"));
  EXPECT_THAT(Parse("objects: {databases: [{allTables: maybe}]}"),
              FailsSaying("true or false"));
  EXPECT_THAT(Parse("startTime: tomorrow"), FailsSaying("must be a time"));
  EXPECT_THAT(Parse("description: [1]"), FailsSaying("must be a text"));
  EXPECT_THAT(Parse("source: {port: -1}"), FailsSaying("not negative"));
}

TEST(TaskFileTest, WrongEnumNamesAllValues) {
  EXPECT_THAT(Parse("recordFormat: JSN"),
              FailsSaying("did you mean `JSON`? It is one of JSON, JSON_C"));
}

TEST(TaskFileTest, RefusesRepeatsAndServerFields) {
  EXPECT_THAT(Parse("description: a\ndescription: b\n"),
              FailsSaying("task.yaml:2: description stands twice"));
  EXPECT_THAT(Parse("record_format: JSON\nrecordFormat: JSON\n"),
              FailsSaying("record_format stands twice"));
  EXPECT_THAT(Parse("uid: x"), FailsSaying("is set by the server"));
  EXPECT_THAT(Parse("topicPolicy: {specifiedTopic: {name: a}, autoTopics: {}}"),
              FailsSaying("choose one"));
}

TEST(TaskFileTest, BrokenYamlNamesTheLine) {
  EXPECT_THAT(Parse("a: [1\nb: 2\n"), FailsSaying("task.yaml:"));
  EXPECT_THAT(Parse("--- {}\n--- {}\n"), FailsSaying("one task a file"));
  EXPECT_THAT(Parse("just words"), FailsSaying("must be a map"));
}

TEST(TaskFileTest, SecretsThatAreMissingSaySo) {
  EXPECT_THAT(Parse("source: {password: {env: NONE}}"),
              FailsSaying("the environment has no NONE"));
  EXPECT_THAT(Parse("source: {password: {file: /nowhere}}"),
              FailsSaying("/nowhere: no such file"));
  EXPECT_THAT(Parse("source: {password: {vault: x}}"),
              FailsSaying("{env: NAME} or {file: PATH}"));
  EXPECT_THAT(Parse("source: {host: {env: PW}}"),
              FailsSaying("source.host must be a text"));
}

TEST(TaskFileTest, ReadsStoresAndKeytabsAsTheyAre) {
  const absl::StatusOr<TaskFile> file = Parse(R"(
destination:
  trustStore: {content: {file: /store}, password: {file: /pw}}
  keyStore:
    content: |
      AGpr
      cwo=
    keyPassword: {env: PW}
  kerberosClient: {principal: a@B, keytab: {file: /store}}
  oauthClient: {clientSecret: {env: PW}, extensions: {a: b}}
hashSalt: {env: PW}
)");
  ASSERT_THAT(file, IsOk());
  const v1::Destination& destination = file->task.destination();
  EXPECT_EQ(destination.trust_store().content(), std::string("\0jks\n", 5));
  EXPECT_EQ(destination.trust_store().password(), "from-file");
  EXPECT_EQ(destination.key_store().content(), std::string("\0jks\n", 5));
  EXPECT_EQ(destination.key_store().key_password(), "from-env");
  EXPECT_EQ(destination.kerberos_client().keytab().size(), 5u);
  EXPECT_EQ(destination.oauth_client().client_secret(), "from-env");
  EXPECT_EQ(file->task.hash_salt(), "from-env");
  EXPECT_TRUE(file->plain_secrets.empty());
  EXPECT_THAT(UpdatePathsOf(*file),
              ElementsAre("destination.kerberos_client.keytab",
                          "destination.kerberos_client.principal",
                          "destination.key_store.content",
                          "destination.key_store.key_password",
                          "destination.oauth_client.client_secret",
                          "destination.oauth_client.extensions",
                          "destination.trust_store.content",
                          "destination.trust_store.password", "hash_salt"));

  EXPECT_THAT(Parse("a: 1\ndestination: {keyStore: {content: '%%'}}"),
              FailsSaying("unknown key"));
  EXPECT_THAT(Parse("id: a\ndestination: {keyStore: {content: '%%'}}"),
              FailsSaying("task.yaml:2: destination.key_store.content must be "
                          "{file: PATH}, or base64"));
  EXPECT_THAT(Parse("destination: {kerberosClient: {keytabSet: true}}"),
              FailsSaying("is set by the server"));
}

TEST(TaskFileTest, ReadsRulesOfTables) {
  const absl::StatusOr<TaskFile> file = Parse(R"(
objects:
  databases:
    - namePattern: shop_.*
      tablePatterns: [{pattern: "o.*"}]
      excludedTables: [o1]
      rules:
        operations: [INSERT, DELETE]
        keyColumns: [id]
        rowFilter: "total > 10"
        columns:
          - {column: card, mask: {showLast: 4}}
          - {column: pin, drop: true}
        additionalColumns:
          - {name: at, value: UPDATE_TIME, type: LONG}
recordOptions: {positionHeaders: true}
tuning: {memoryBudgetBytes: 134217728, compression: ZSTD}
startPosition: {time: 2026-01-31T22:00:00Z}
)");
  ASSERT_THAT(file, IsOk());
  const v1::TableRules& rules = file->task.objects().databases(0).rules();
  EXPECT_EQ(rules.operations(1), v1::DML_OPERATION_DELETE);
  EXPECT_EQ(rules.row_filter(), "total > 10");
  EXPECT_EQ(rules.columns(0).mask().show_last(), 4u);
  EXPECT_TRUE(rules.columns(1).drop());
  EXPECT_EQ(rules.additional_columns(0).type(),
            v1::ADDITIONAL_COLUMN_TYPE_LONG);
  EXPECT_EQ(file->task.tuning().compression(), v1::COMPRESSION_ZSTD);
  EXPECT_TRUE(file->task.start_position().has_time());
  EXPECT_THAT(Parse("objects: {databases: [{name: a, rules: {columns: "
                    "[{column: c, drop: true, hash: true}]}}]}"),
              FailsSaying("choose one"));
}

TEST(TaskFileTest, TakesNamesOfChoicesAsPeopleWriteThem) {
  const absl::StatusOr<TaskFile> file = Parse(
      "source: {tlsMode: verify-identity}\n"
      "destination: {securityProtocol: sasl_ssl}\n");
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->task.source().tls_mode(), v1::TLS_MODE_VERIFY_IDENTITY);
  EXPECT_EQ(file->task.destination().security_protocol(),
            v1::SECURITY_PROTOCOL_SASL_SSL);
}

TEST(TaskFileTest, TellsPlainSecrets) {
  const absl::StatusOr<TaskFile> file = Parse("source: {password: open}");
  ASSERT_THAT(file, IsOk());
  EXPECT_THAT(file->plain_secrets, ElementsAre("source.password"));
}

TEST(TaskFileTest, SettingsWinOverTheText) {
  const absl::StatusOr<TaskFile> file =
      Parse(kTask, {"source.port=3307", "destination.bootstrapServers.0=b:1",
                    "objects.databases[0].tables[1].name=lines", "tags.team=b",
                    "placement.network_type=PUBLIC", "id=other",
                    "source.password={file: /pw}", "recordFormat=JSON_C"});
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->id, "other");
  EXPECT_EQ(file->task.source().port(), 3307u);
  EXPECT_EQ(file->task.source().password(), "from-file");
  EXPECT_THAT(file->task.destination().bootstrap_servers(), ElementsAre("b:1"));
  EXPECT_EQ(file->task.objects().databases(0).tables(1).name(), "lines");
  EXPECT_EQ(file->task.tags().at("team"), "b");
  EXPECT_EQ(file->task.placement().network_type(), v1::NETWORK_TYPE_PUBLIC);
  EXPECT_EQ(file->task.record_format(), v1::RECORD_FORMAT_JSON_C);
}

TEST(TaskFileTest, SettingsThatMakeNoSenseSaySo) {
  EXPECT_THAT(Parse(kTask, {"source.port"}), FailsSaying("give path=value"));
  EXPECT_THAT(Parse(kTask, {"source.port.x=1"}), FailsSaying("no fields"));
  EXPECT_THAT(Parse(kTask, {"source.prt=1"}), FailsSaying("unknown key `prt`"));
  EXPECT_THAT(Parse(kTask, {"objects.databases.7.name=a"}),
              FailsSaying("the next index is 1"));
}

TEST(TaskFileTest, TheExampleIsValid) {
  std::ifstream in(BINFERRY_SOURCE_DIR "/deploy/task.example.yaml");
  std::ostringstream text;
  text << in.rdbuf();
  const absl::StatusOr<TaskFile> file =
      Parse(text.str(), {"source.password={env: PW}"});
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->id, "shop-orders");
  EXPECT_TRUE(file->task.objects().databases(0).all_tables());
  EXPECT_EQ(file->task.partition_policy(),
            v1::PARTITION_POLICY_PRIMARY_KEY_HASH);
}

TEST(TaskFileTest, TheExampleOfTheDocumentationIsValid) {
  std::ifstream in(BINFERRY_SOURCE_DIR "/docs/cli.md");
  std::ostringstream page;
  page << in.rdbuf();
  const std::string text = page.str();
  const size_t begin = text.find("```yaml\n") + 8;
  const absl::StatusOr<TaskFile> file =
      Parse(text.substr(begin, text.find("```", begin) - begin),
            {"destination.password={env: PW}",
             "destination.trustStore={content: {file: /store}}"});
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->task.objects().databases(0).tables(0).name(), "cards");
}

TEST(TaskFileTest, ViolationsOfTheServerGetTheirLine) {
  const absl::StatusOr<TaskFile> file = Parse(kTask);
  ASSERT_THAT(file, IsOk());
  const absl::Status error =
      WithLines(InvalidFieldError("task.source.port", "must be 1 to 65535"),
                "task.yaml", *file);
  EXPECT_THAT(RenderForPeople(error), HasSubstr("(task.yaml:10)"));
  // What is missing has the line of what it is missing from.
  EXPECT_THAT(
      RenderForPeople(WithLines(
          InvalidFieldError("task.objects.databases[0].tables[3].name", "x"),
          "task.yaml", *file)),
      HasSubstr("(task.yaml:20)"));
  EXPECT_THAT(RenderForPeople(WithLines(InvalidFieldError("task.tuning.x", "x"),
                                        "task.yaml", *file)),
              testing::Not(HasSubstr("task.yaml")));
}

}  // namespace
}  // namespace binferry::cli
