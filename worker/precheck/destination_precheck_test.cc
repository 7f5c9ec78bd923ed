// On the test broker with its secured listeners.
#include "worker/precheck/destination_precheck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/certificate_store.h"
#include "common/read_file.h"
#include "common/testing/status_matchers.h"
#include "worker/sink/kafka_library.h"
#include "worker/sink/testing/kafka_acls.h"
#include "worker/sink/testing/kafka_environment.h"

namespace binferry::worker {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string Environment(const std::string& name) {
  const char* value = std::getenv(("BINFERRY_TEST_" + name).c_str());
  return value == nullptr ? "" : value;
}

constexpr char kPassword[] = "carrier-word";

class DestinationPrecheckTest : public KafkaTest {
 protected:
  void SetUp() override {
    signal(SIGPIPE, SIG_IGN);  // As every program of ours.
    KafkaTest::SetUp();
  }

  std::string Pem(const std::string& name) const {
    return ReadFile(Environment("KAFKA_SECURITY_DIR") + "/" + name,
                    kMaxCertificateStoreBytes)
        .value_or("");
  }

  KafkaClusterOptions Secured(KafkaSecurity security, SaslMechanism mechanism,
                              const std::string& user = "carrier") const {
    KafkaClusterOptions cluster;
    cluster.security = security;
    cluster.bootstrap_servers = Environment(
        absl::StrCat("KAFKA_", std::string(KafkaSecurityName(security))));
    cluster.mechanism = mechanism;
    cluster.username = user;
    cluster.password = Secret(kPassword);
    cluster.oauth = {.token_endpoint = Environment("TOKENS"),
                     .client_id = user,
                     .client_secret = Secret(kPassword)};
    if (UsesSsl(security)) cluster.ca_pem = Pem("ca.pem");
    return cluster;
  }

  DestinationTrial Trial(const KafkaClusterOptions& cluster) const {
    DestinationTrial trial;
    trial.cluster = cluster;
    trial.use.principal = AclPrincipal(cluster);
    trial.use.transactional_id = Topic("id");
    trial.use.state_prefix = Topic("state");
    trial.use.creation = KafkaSinkOptions::TopicCreation{
        .partition_count = 1, .replication_factor = 1};
    return trial;
  }

  // Everything below the test's prefix.
  void Allow(const std::string& principal) {
    ASSERT_THAT(
        CreateAcls(servers_,
                   {{AclResource::kTopic, prefix_, principal},
                    {AclResource::kTransactionalId, prefix_, principal}},
                   &clock_),
        IsOk());
  }

  TestStep LastStep(const KafkaClusterOptions& cluster) {
    const std::vector<TestStep> steps = TryDestination(Trial(cluster), &clock_);
    return steps.empty() ? TestStep{} : steps.back();
  }

  void ExpectPassed(const KafkaClusterOptions& cluster) {
    const TestStep last = LastStep(cluster);
    EXPECT_TRUE(last.passed) << last.step << " " << last.target << ": "
                             << last.message << " | " << last.remedy;
    EXPECT_EQ(last.step, "PERMISSIONS");
  }

  void ExpectFailed(const KafkaClusterOptions& cluster, const std::string& step,
                    const std::string& message, const std::string& remedy) {
    const TestStep last = LastStep(cluster);
    EXPECT_FALSE(last.passed);
    EXPECT_EQ(last.step, step) << last.message;
    EXPECT_THAT(last.message, HasSubstr(message));
    EXPECT_THAT(last.remedy, HasSubstr(remedy)) << last.message;
    EXPECT_THAT(last.message, Not(HasSubstr("wrong-word")));
  }

  static PrecheckItem Find(const std::vector<PrecheckItem>& items,
                           const std::string& id) {
    for (const PrecheckItem& item : items) {
      if (item.id == id) return item;
    }
    ADD_FAILURE() << "no item " << id;
    return {};
  }

  void ExpectItem(const DestinationTrial& trial, const std::string& id,
                  PrecheckResult result, const std::string& remedy) {
    const PrecheckItem item = Find(PrecheckDestination(trial, &clock_), id);
    EXPECT_EQ(item.result, result)
        << id << ": " << item.found << " " << item.cause;
    EXPECT_THAT(item.remedy, HasSubstr(remedy)) << id;
  }
};

TEST_F(DestinationPrecheckTest, EveryProtocolAndMechanismPasses) {
  Allow("User:carrier");
  for (const KafkaSecurity security :
       {KafkaSecurity::kSaslPlaintext, KafkaSecurity::kSaslSsl}) {
    for (const SaslMechanism mechanism :
         {SaslMechanism::kPlain, SaslMechanism::kScramSha256,
          SaslMechanism::kScramSha512, SaslMechanism::kOauthBearer}) {
      const KafkaClusterOptions cluster = Secured(security, mechanism);
      if (SaslCaution(mechanism).empty()) {
        ExpectPassed(cluster);
      } else {
        // The broker takes the password; the library can't tell it.
        ExpectFailed(cluster, "METADATA", "client library", "librdkafka 2.6.1");
      }
    }
  }
  ExpectPassed(Cluster());
}

TEST_F(DestinationPrecheckTest, ClientCertificatesOfStoresAuthenticate) {
  Allow("User:CN=carrier");
  KafkaClusterOptions cluster =
      Secured(KafkaSecurity::kSsl, SaslMechanism::kPlain);
  ExpectFailed(cluster, "TLS", "wants a certificate of the client",
               "key_store");
  const absl::StatusOr<std::string> trust =
      ReadTrustStore(Pem("trust.jks"), Secret(kPassword));
  const absl::StatusOr<ClientCertificate> client =
      ReadKeyStore(Pem("client.p12"), Secret(kPassword), Secret());
  ASSERT_THAT(trust, IsOk());
  ASSERT_THAT(client, IsOk());
  cluster.ca_pem = *trust;
  cluster.certificate_pem = client->certificate_pem;
  cluster.key_pem = client->key_pem;
  ExpectPassed(cluster);
}

TEST_F(DestinationPrecheckTest, StepsTellWhatWasFound) {
  Allow("User:carrier");
  const std::vector<TestStep> steps = TryDestination(
      Trial(Secured(KafkaSecurity::kSaslSsl, SaslMechanism::kPlain)), &clock_);
  std::vector<std::string> names;
  for (const TestStep& step : steps) names.push_back(step.step);
  EXPECT_THAT(names,
              ElementsAre("NAME_RESOLUTION", "TCP", "TLS", "API_VERSIONS",
                          "AUTHENTICATION", "METADATA", "PERMISSIONS"));
  EXPECT_THAT(steps.at(2).message,
              AllOf(HasSubstr("TLSv1."), HasSubstr("CN=broker"),
                    HasSubstr("valid until")));
  EXPECT_THAT(steps.at(3).message, HasSubstr("4.0 or later"));
  EXPECT_THAT(steps.at(4).message, HasSubstr("PLAIN as User:carrier"));
}

TEST_F(DestinationPrecheckTest, WrongCredentialsAreTold) {
  for (const SaslMechanism mechanism :
       {SaslMechanism::kPlain, SaslMechanism::kScramSha256,
        SaslMechanism::kScramSha512}) {
    KafkaClusterOptions cluster =
        Secured(KafkaSecurity::kSaslPlaintext, mechanism);
    cluster.password = Secret("wrong-word");
    ExpectFailed(cluster, "AUTHENTICATION", "refuses the credentials",
                 "check username and password");
  }
  KafkaClusterOptions oauth =
      Secured(KafkaSecurity::kSaslPlaintext, SaslMechanism::kOauthBearer);
  oauth.oauth.client_secret = Secret("wrong-word");
  ExpectFailed(oauth, "AUTHENTICATION", "invalid_client", "");
}

TEST_F(DestinationPrecheckTest, WrongProtocolsAreTold) {
  KafkaClusterOptions cluster =
      Secured(KafkaSecurity::kSaslSsl, SaslMechanism::kPlain);
  const std::string tls_servers = cluster.bootstrap_servers;
  cluster.bootstrap_servers = servers_;
  ExpectFailed(cluster, "TLS", "speaks no TLS", "SASL_PLAINTEXT");
  cluster.security = KafkaSecurity::kSaslPlaintext;
  ExpectFailed(cluster, "AUTHENTICATION", "has no SASL", "PLAINTEXT or SSL");
  cluster.bootstrap_servers = tls_servers;
  ExpectFailed(cluster, "API_VERSIONS", "", "SASL_SSL");
  cluster.security = KafkaSecurity::kPlaintext;
  cluster.bootstrap_servers = Environment("KAFKA_SASL_PLAINTEXT");
  ExpectFailed(cluster, "METADATA", "ends the connection", "SASL");
}

TEST_F(DestinationPrecheckTest, CertificatesThatDontFitAreTold) {
  KafkaClusterOptions cluster =
      Secured(KafkaSecurity::kSaslSsl, SaslMechanism::kPlain);
  cluster.ca_pem = Pem("other.pem");
  ExpectFailed(cluster, "TLS", "no authority that the task trusts",
               "trust_store");
  cluster.ca_pem = Pem("ca.pem");
  cluster.bootstrap_servers =
      absl::StrCat("127.0.0.1", cluster.bootstrap_servers.substr(9));
  ExpectFailed(cluster, "TLS", "is not for 127.0.0.1 but for localhost",
               "skip_endpoint_identification");
  Allow("User:carrier");
  cluster.endpoint_identification = EndpointIdentification::kNone;
  ExpectPassed(cluster);
}

TEST_F(DestinationPrecheckTest, AddressesThatLeadNowhereAreTold) {
  KafkaClusterOptions cluster = Cluster();
  cluster.bootstrap_servers = Environment("KAFKA_UNREACHABLE");
  ExpectFailed(cluster, "NAME_RESOLUTION", "broker.invalid",
               "advertised.listeners");
  cluster.bootstrap_servers = "127.0.0.1:1";
  ExpectFailed(cluster, "TCP", "Connection refused", "firewalls");
  cluster.bootstrap_servers = "no-such-host.invalid:9092";
  ExpectFailed(cluster, "NAME_RESOLUTION", "can't resolve", "correct the name");
}

TEST_F(DestinationPrecheckTest, MissingRightsNameTheCommand) {
  const KafkaClusterOptions cluster =
      Secured(KafkaSecurity::kSaslPlaintext, SaslMechanism::kPlain, "stranger");
  ExpectFailed(cluster, "PERMISSIONS", "transactional id",
               absl::StrCat("kafka-acls.sh --bootstrap-server SERVER --add "
                            "--allow-principal 'User:stranger' --operation "
                            "Write --operation Describe --transactional-id ",
                            Topic("id")));
  CreateTopic("orders", 1);
  DestinationTrial trial = Trial(cluster);
  trial.use.plan.topics = {{.name = Topic("orders"), .tables = {}}};
  ExpectItem(trial, "destination_transactional_id", PrecheckResult::kFailed,
             "--transactional-id");
  ExpectItem(trial, "destination_state_topics", PrecheckResult::kFailed,
             "--operation Read");
  ExpectItem(trial, "destination_settings", PrecheckResult::kAlarm,
             "--operation DescribeConfigs --cluster");
  ExpectItem(trial, "topics_permissions", PrecheckResult::kFailed,
             "--topic " + Topic("orders"));
}

TEST_F(DestinationPrecheckTest, WhatTheTaskNeedsIsThere) {
  CreateTopic("orders", 1);
  DestinationTrial trial = Trial(Cluster());
  trial.use.plan.topics = {{.name = Topic("orders"), .tables = {}},
                           {.name = Topic("new"), .tables = {}}};
  for (const PrecheckItem& item : PrecheckDestination(trial, &clock_)) {
    EXPECT_TRUE(item.result == PrecheckResult::kPassed ||
                item.id == "destination_encryption" ||
                item.id == "destination_record_size")
        << item.id << ": " << item.found << " | " << item.cause;
  }
  EXPECT_THAT(admin_->DescribeTopic(Topic("new")).status(),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(DestinationPrecheckTest, TopicsThatWontDoAreTold) {
  ASSERT_THAT(admin_->CreateTopic(
                  {.name = Topic("odd"),
                   .partition_count = 3,
                   .replication_factor = 1,
                   .configs = {{"cleanup.policy", "compact"},
                               {"max.message.bytes", "1000"},
                               {"min.insync.replicas", "2"},
                               {"unclean.leader.election.enable", "true"}}}),
              IsOk());
  DestinationTrial trial = Trial(Cluster());
  trial.use.plan.topics = {{.name = Topic("odd"),
                            .tables = {"shop.a"},
                            .table_count = 1,
                            .keyless_count = 1,
                            .by_format = true}};
  trial.use.transaction_timeout = absl::Hours(1);
  ExpectItem(trial, "destination_transaction_timeout", PrecheckResult::kFailed,
             "transaction.max.timeout.ms=3600000");
  ExpectItem(trial, "topics_compaction", PrecheckResult::kFailed,
             "cleanup.policy=delete");
  ExpectItem(trial, "topics_record_size", PrecheckResult::kAlarm,
             "max.message.bytes=1000000");
  ExpectItem(trial, "topics_in_sync_replicas", PrecheckResult::kFailed,
             "min.insync.replicas=1");
  ExpectItem(trial, "topics_durability", PrecheckResult::kAlarm,
             "unclean.leader.election.enable=false");
  ExpectItem(trial, "topics_partitions", PrecheckResult::kAlarm, "--alter");
  ExpectItem(trial, "topics_spread", PrecheckResult::kAlarm,
             "primary_key_hash");
  trial.use.creation->replication_factor = 3;
  ExpectItem(trial, "topics_creation", PrecheckResult::kFailed, "at most 1");
  trial.use.creation.reset();
  trial.use.plan.topics.push_back({.name = Topic("missing"), .tables = {}});
  ExpectItem(trial, "topics_existence", PrecheckResult::kFailed,
             "--create --topic " + Topic("missing"));
}

TEST_F(DestinationPrecheckTest, StateTopicsThatDeleteAreTold) {
  ASSERT_THAT(admin_->CreateTopic({.name = Topic("state-checkpoints"),
                                   .partition_count = 1,
                                   .replication_factor = 1,
                                   .configs = {}}),
              IsOk());
  ExpectItem(Trial(Cluster()), "destination_state_topics",
             PrecheckResult::kFailed, "cleanup.policy=compact");
}

}  // namespace
}  // namespace binferry::worker
