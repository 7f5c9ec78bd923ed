#include "controller/rpc/spec_proto.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry::controller {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;

constexpr char kFullTask[] =
    R"pb(
  description: "d"
  tags { key: "team" value: "core" }
  placement {
    region: "eu-1"
    availability_zones: "a"
    availability_zones: "b"
    network_type: NETWORK_TYPE_VPC
    vpc: "v"
    subnet: "s"
    security_group: "g"
  }
  source {
    host: "db"
    port: 3306
    username: "u"
    tls_mode: TLS_MODE_VERIFY_CA
    ca_certificate: "ca"
    client_certificate: "cc"
  }
  destination {
    bootstrap_servers: "k:9092"
    security_protocol: SECURITY_PROTOCOL_SASL_SSL
    sasl_mechanism: SASL_MECHANISM_SCRAM_SHA_512
    username: "ku"
    ca_certificate: "kca"
    client_certificate: "kcc"
    skip_endpoint_identification: true
    max_record_bytes: 5000
    trust_store { content: "jks" }
    oauth_client {
      token_endpoint: "https://id"
      client_id: "c"
      scope: "s"
      extensions { key: "k" value: "v" }
    }
    kerberos_client { principal: "p" service_name: "k" }
  }
  synchronization_mode: SYNCHRONIZATION_MODE_INCREMENTAL
  objects {
    databases {
      name: "shop"
      mapped_name: "s"
      all_tables: true
      tables { name: "t" mapped_name: "u" }
      table_patterns {
        pattern: "o.*"
        rules { topic: "o" }
      }
      excluded_tables: "old"
      rules { operations: DML_OPERATION_INSERT }
    }
    databases {
      name_pattern: "p.*"
      tables {
        name: "y"
        rules {
          operations: DML_OPERATION_UPDATE
          operations: DML_OPERATION_DELETE
          topic: "t"
          key_columns: "a"
          key_columns: "b"
          columns { column: "c1" drop: true }
          columns {
            column: "c2"
            mapped_name: "m"
            mask { show_first: 1 show_last: 2 }
          }
          columns { column: "c3" hash: true }
          columns { column: "c4" truncate_characters: 9 }
          columns { column: "c5" constant_value: "x" }
          columns { column: "c6" mapped_name: "n" }
          additional_columns {
            name: "added"
            value: ADDITIONAL_COLUMN_VALUE_SERVER_DATABASE_TABLE
            type: ADDITIONAL_COLUMN_TYPE_VARCHAR
            text: "srv"
          }
          row_filter: "a > 1"
          included_columns: "a"
        }
      }
    }
    databases {
      name: "other"
      tables { name: "x" }
    }
  }
  topic_policy {
    auto_topics {
      name_format: "$database$"
      partitions: 3
      replication_factor: 2
    }
  }
  partition_policy: PARTITION_POLICY_PRIMARY_KEY_HASH
  record_format: RECORD_FORMAT_JSON_C
  ddl_policy: DDL_POLICY_OMIT
  delivery_mode: DELIVERY_MODE_EXACTLY_ONCE
  invalid_text_policy: INVALID_TEXT_POLICY_REPLACE
  unreadable_change_policy: UNREADABLE_CHANGE_POLICY_ALERT
  start_position { coordinates { file: "b.000001" position: 4 } }
  start_time { seconds: 1700000000 nanos: 123000000 }
  record_options { position_headers: true tombstones: true }
  max_binlog_bytes_per_second: 70000
  tuning {
    memory_budget_bytes: 33554432
    encoder_threads: 3
    compression: COMPRESSION_ZSTD
  }
    )pb";

v1::Task FullTask() {
  v1::Task task;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kFullTask, &task));
  return task;
}

TEST(SpecProtoTest, KeepsEveryFieldBothWays) {
  const v1::Task task = FullTask();
  std::vector<FieldViolation> violations;
  const TaskSpec spec = SpecFromProto(task, &violations);
  EXPECT_TRUE(violations.empty());
  v1::Task back;
  SpecToProto(spec, &back);
  MessageDifferencer differencer;
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(task, back)) << difference;
}

// A field that is added to the message must be added to the conversion: every
// field but output only ones and secrets is in FullTask.
TEST(SpecProtoTest, KnowsEveryFieldOfTheSpec) {
  const v1::Task task = FullTask();
  const auto check = [](const google::protobuf::Message& message,
                        std::set<std::string> left_out) {
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const auto* field = message.GetDescriptor()->field(i);
      if (left_out.count(field->name()) > 0) continue;
      EXPECT_TRUE(field->is_repeated()
                      ? message.GetReflection()->FieldSize(message, field) > 0
                      : message.GetReflection()->HasField(message, field))
          << field->full_name();
    }
  };
  check(task, {"name", "uid", "etag", "generation", "create_time",
               "update_time", "status", "hash_salt", "hash_salt_set"});
  check(task.placement(), {});
  check(task.source(), {"password", "client_key", "password_set"});
  check(task.destination(), {"password", "client_key", "client_key_password",
                             "password_set", "key_store"});
  check(task.destination().trust_store(),
        {"password", "key_password", "content_set"});
  check(task.destination().oauth_client(),
        {"client_secret", "client_secret_set"});
  check(task.destination().kerberos_client(), {"keytab", "keytab_set"});
  check(task.record_options(), {});
  check(task.tuning(), {});
  check(task.objects().databases(0), {"name_pattern"});
  check(task.objects().databases(1).tables(0).rules(), {});
}

TEST(SpecProtoTest, ReportsNumbersThatNoEnumHas) {
  v1::Task task = FullTask();
  task.set_record_format(static_cast<v1::RecordFormat>(99));
  task.mutable_source()->set_tls_mode(static_cast<v1::TlsMode>(77));
  task.set_invalid_text_policy(static_cast<v1::InvalidTextPolicy>(3));
  task.set_unreadable_change_policy(static_cast<v1::UnreadableChangePolicy>(3));
  task.mutable_start_time()->set_nanos(-1);
  std::vector<FieldViolation> violations;
  SpecFromProto(task, &violations);
  EXPECT_THAT(
      violations,
      ElementsAre(
          Field(&FieldViolation::field, "task.source.tls_mode"),
          Field(&FieldViolation::field, "task.record_format"),
          Field(&FieldViolation::field, "task.invalid_text_policy"),
          Field(&FieldViolation::field, "task.unreadable_change_policy"),
          Field(&FieldViolation::field, "task.start_time")));
}

TEST(SpecProtoTest, MovesSecretsAloneAndClearsThem) {
  v1::Task task = FullTask();
  const TaskSecrets secrets = {
      {SecretField::kSourcePassword, "p1"},
      {SecretField::kSourceClientKey, "k1"},
      {SecretField::kDestinationPassword, "p2"},
      {SecretField::kDestinationClientKey, "k2"},
      {SecretField::kDestinationClientKeyPassword, "p3"},
      {SecretField::kTrustStorePassword, "p4"},
      {SecretField::kKeyStoreContent, "k3"},
      {SecretField::kKeyStorePassword, "p5"},
      {SecretField::kKeyStoreKeyPassword, "p6"},
      {SecretField::kOauthClientSecret, "p7"},
      {SecretField::kKerberosKeytab, "k4"},
      {SecretField::kHashSalt, "p8"}};
  ASSERT_EQ(secrets.size(), std::size(kSecretFields));
  SecretsToProto(secrets, &task);
  EXPECT_EQ(task.source().password(), "p1");
  EXPECT_EQ(SecretsFromProto(task), secrets);
  ClearSecrets(&task);
  EXPECT_TRUE(SecretsFromProto(task).empty());
  // A key store is nothing but secrets.
  task.mutable_destination()->clear_key_store();
  EXPECT_TRUE(MessageDifferencer::Equals(task, FullTask()));
}

TEST(SpecProtoTest, StoresADocumentThatTellsWhetherThereIsAPassword) {
  v1::Task task = FullTask();
  task.mutable_source()->set_password("hunter2");
  std::vector<FieldViolation> violations;
  const StoredSpec stored =
      ToStoredSpec(SpecFromProto(task, &violations),
                   {SecretField::kSourcePassword, SecretField::kKeyStoreContent,
                    SecretField::kOauthClientSecret});
  EXPECT_THAT(stored.document, testing::Not(testing::HasSubstr("hunter2")));
  EXPECT_EQ(stored.placement.region, "eu-1");
  EXPECT_EQ(stored.tags.at("team"), "core");
  const auto document = ParseDocument(stored);
  ASSERT_THAT(document, IsOk());
  EXPECT_TRUE(document->source().password_set());
  EXPECT_FALSE(document->destination().password_set());
  EXPECT_TRUE(document->destination().key_store().content_set());
  EXPECT_TRUE(document->destination().trust_store().content_set());
  EXPECT_TRUE(document->destination().oauth_client().client_secret_set());
  EXPECT_FALSE(document->destination().kerberos_client().keytab_set());
  EXPECT_FALSE(document->hash_salt_set());
}

TEST(SpecProtoTest, TakesTheStartTimeFromTheStoredCopy) {
  std::vector<FieldViolation> violations;
  StoredSpec stored = ToStoredSpec(SpecFromProto(FullTask(), &violations), {});
  stored.start_time = absl::FromUnixSeconds(5);
  EXPECT_EQ(ParseDocument(stored)->start_time().seconds(), 5);
  stored.start_time.reset();
  EXPECT_FALSE(ParseDocument(stored)->has_start_time());
}

}  // namespace
}  // namespace binferry::controller
