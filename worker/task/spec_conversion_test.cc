#include "worker/task/spec_conversion.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using testing::HasSubstr;

coordination::v1::GetTaskSpecResponse Sample() {
  coordination::v1::GetTaskSpecResponse response;
  const bool parsed = google::protobuf::TextFormat::ParseFromString(
      R"pb(
        task {
          name: "projects/p/tasks/orders"
          uid: "1b"
          generation: 3
          source {
            host: "db1"
            port: 3307
            username: "repl"
            password: "secret"
            tls_mode: TLS_MODE_VERIFY_CA
            ca_certificate: "PEM"
          }
          destination {
            bootstrap_servers: "k1:9092"
            bootstrap_servers: "k2:9092"
            security_protocol: SECURITY_PROTOCOL_SASL_SSL
            sasl_mechanism: SASL_MECHANISM_SCRAM_SHA_512
            username: "u"
            password: "p"
            skip_endpoint_identification: true
          }
          objects {
            databases {
              name: "shop"
              mapped_name: "store"
              tables { name: "orders" }
              tables { name: "items" mapped_name: "parts" }
            }
            databases {
              name: "crm"
              all_tables: true
              tables { name: "a" mapped_name: "b" }
            }
          }
          topic_policy { auto_topics { partitions: 4 } }
          partition_policy: PARTITION_POLICY_PRIMARY_KEY_HASH
          record_format: RECORD_FORMAT_JSON_C
          start_position { coordinates { file: "binlog.000002" position: 157 } }
        }
        runtime {
          server_id: 4711
          replica_uuid: "7f"
          state_topic_prefix: "binferry"
          transactional_id: "binferry-1b"
          start_position_committed: true
        }
      )pb",
      &response);
  EXPECT_TRUE(parsed);
  return response;
}

TEST(SpecConversionTest, ConvertsTheSource) {
  const absl::StatusOr<TaskSpec> spec = ConvertTaskSpec(Sample());
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->uid, TaskUid("1b"));
  EXPECT_EQ(spec->generation, Generation(3));
  EXPECT_EQ(spec->source.host, "db1");
  EXPECT_EQ(spec->source.port, 3307);
  EXPECT_EQ(spec->source.user, "repl");
  EXPECT_EQ(spec->source.password, "secret");
  EXPECT_EQ(spec->source.tls_mode, TlsMode::kVerifyCa);
  EXPECT_EQ(spec->source.ca_pem, "PEM");
  EXPECT_EQ(spec->dump.server_id, 4711u);
  EXPECT_EQ(spec->dump.replica_uuid, "7f");
  const auto* start = std::get_if<StartAtCoordinates>(&spec->start);
  ASSERT_NE(start, nullptr);
  EXPECT_EQ(start->coordinates.ToString(), "binlog.000002:157");
}

TEST(SpecConversionTest, ConvertsAStartTimeToTheNanosecond) {
  auto sample = Sample();
  google::protobuf::Timestamp* const time =
      sample.mutable_task()->mutable_start_position()->mutable_time();
  time->set_seconds(1'795'422'512);
  time->set_nanos(336'380'001);
  const absl::StatusOr<TaskSpec> spec = ConvertTaskSpec(sample);
  ASSERT_THAT(spec, IsOk());
  const auto* start = std::get_if<StartAtTime>(&spec->start);
  ASSERT_NE(start, nullptr);
  EXPECT_EQ(start->time, absl::FromUnixNanos(1'795'422'512'336'380'001));
}

TEST(SpecConversionTest, ConvertsTheDestination) {
  const absl::StatusOr<TaskSpec> spec = ConvertTaskSpec(Sample());
  ASSERT_THAT(spec, IsOk());
  const KafkaClusterOptions& cluster = spec->destination;
  EXPECT_EQ(cluster.bootstrap_servers, "k1:9092,k2:9092");
  EXPECT_EQ(cluster.security, KafkaSecurity::kSaslSsl);
  EXPECT_EQ(cluster.mechanism, SaslMechanism::kScramSha512);
  EXPECT_EQ(cluster.username, "u");
  EXPECT_EQ(cluster.password.Reveal(), "p");
  EXPECT_EQ(cluster.endpoint_identification, EndpointIdentification::kNone);
  EXPECT_EQ(spec->max_record_bytes, 1'000'000);
  ASSERT_TRUE(spec->topic_creation.has_value());
  EXPECT_EQ(spec->topic_creation->partition_count, 4);
  EXPECT_EQ(spec->topic_creation->replication_factor, 1);
  EXPECT_EQ(spec->topic_name_format, "$database$-$tablename$");
  EXPECT_EQ(spec->state_prefix, "binferry");
  EXPECT_EQ(spec->transactional_id, "binferry-1b");
  EXPECT_TRUE(spec->start_position_committed);
}

TEST(SpecConversionTest, ConvertsTheCompression) {
  auto sample = Sample();
  EXPECT_EQ(ConvertTaskSpec(sample)->compression, RecordCompression::kLz4);
  sample.mutable_task()->mutable_tuning()->set_compression(
      v1::COMPRESSION_ZSTD);
  EXPECT_EQ(ConvertTaskSpec(sample)->compression, RecordCompression::kZstd);
  sample.mutable_task()->mutable_tuning()->set_compression(
      static_cast<v1::Compression>(99));
  EXPECT_THAT(ConvertTaskSpec(sample),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("tuning.compression")));
}

TEST(SpecConversionTest, ConvertsTheObjectsAndWhatMustExist) {
  const absl::StatusOr<TaskSpec> spec = ConvertTaskSpec(Sample());
  ASSERT_THAT(spec, IsOk());
  ASSERT_EQ(spec->selection.databases.size(), 2u);
  EXPECT_EQ(spec->selection.databases[0].mapped_name, "store");
  EXPECT_EQ(spec->selection.databases[0].tables[1].mapped_name, "parts");
  EXPECT_TRUE(spec->selection.databases[1].all_tables);
  ASSERT_EQ(spec->required_objects.size(), 4u);
  EXPECT_EQ(spec->required_objects[2].field,
            "objects.databases[0].tables[1].name");
  EXPECT_EQ(spec->required_objects[2].table, "items");
  EXPECT_EQ(spec->required_objects[3].database, "crm");
  EXPECT_EQ(spec->required_objects[3].table, "");
}

TEST(SpecConversionTest, ASpecifiedTopicIsNotCreated) {
  coordination::v1::GetTaskSpecResponse response = Sample();
  response.mutable_task()
      ->mutable_topic_policy()
      ->mutable_specified_topic()
      ->set_name("all");
  const absl::StatusOr<TaskSpec> spec = ConvertTaskSpec(response);
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->specified_topic, "all");
  EXPECT_FALSE(spec->topic_creation.has_value());
}

TEST(SpecConversionTest, ConvertsThePoliciesAndStopsByDefault) {
  coordination::v1::GetTaskSpecResponse response = Sample();
  absl::StatusOr<TaskSpec> spec = ConvertTaskSpec(response);
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->invalid_text, InvalidText::kStop);
  EXPECT_EQ(spec->unreadable_change, UnreadableChange::kStop);
  v1::Task* task = response.mutable_task();
  task->set_invalid_text_policy(v1::INVALID_TEXT_POLICY_REPLACE);
  task->set_unreadable_change_policy(v1::UNREADABLE_CHANGE_POLICY_ALERT);
  spec = ConvertTaskSpec(response);
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->invalid_text, InvalidText::kReplace);
  EXPECT_EQ(spec->unreadable_change, UnreadableChange::kAlert);
}

// Of a newer controller.
TEST(SpecConversionTest, RefusesPoliciesThatItDoesNotKnow) {
  coordination::v1::GetTaskSpecResponse response = Sample();
  response.mutable_task()->set_invalid_text_policy(
      static_cast<v1::InvalidTextPolicy>(3));
  EXPECT_THAT(ConvertTaskSpec(response),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("invalid_text_policy: 3")));
  response = Sample();
  response.mutable_task()->set_unreadable_change_policy(
      static_cast<v1::UnreadableChangePolicy>(3));
  EXPECT_THAT(ConvertTaskSpec(response),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("unreadable_change_policy: 3")));
}

TEST(SpecConversionTest, RefusesWhatItDoesNotCarryOutByName) {
  coordination::v1::GetTaskSpecResponse response = Sample();
  response.mutable_task()->set_delivery_mode(v1::DELIVERY_MODE_AT_LEAST_ONCE);
  EXPECT_THAT(
      ConvertTaskSpec(response),
      StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("delivery_mode")));
  response = Sample();
  response.mutable_task()->mutable_destination()->set_sasl_mechanism(
      static_cast<v1::SaslMechanism>(99));
  EXPECT_THAT(ConvertTaskSpec(response),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("destination.sasl_mechanism")));
}

TEST(SpecConversionTest, RefusesABadPortByName) {
  coordination::v1::GetTaskSpecResponse response = Sample();
  for (uint32_t port : {0u, 65536u}) {
    response.mutable_task()->mutable_source()->set_port(port);
    EXPECT_THAT(
        ConvertTaskSpec(response),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("source.port")));
  }
}

TEST(SpecConversionTest, ARuntimeWithoutATransactionalIdIsOurBug) {
  coordination::v1::GetTaskSpecResponse response = Sample();
  response.mutable_runtime()->clear_transactional_id();
  EXPECT_THAT(ConvertTaskSpec(response), StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace binferry::worker
