#include "worker/sink/kafka_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

KafkaClusterOptions At(std::string servers) {
  KafkaClusterOptions options;
  options.bootstrap_servers = std::move(servers);
  return options;
}

TEST(KafkaClusterTest, ServersAreHostAndPort) {
  EXPECT_THAT(CheckKafkaCluster(At("a:1,b.example:9092")), IsOk());
  for (const char* bad :
       {"", "a", "a:", ":9092", "a:0", "a:65536", "a:9092,", "a:x"}) {
    EXPECT_THAT(CheckKafkaCluster(At(bad)),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << bad;
  }
}

TEST(KafkaClusterTest, SaslNeedsAUser) {
  KafkaClusterOptions options = At("a:1");
  options.security = KafkaSecurity::kSaslSsl;
  EXPECT_THAT(CheckKafkaCluster(options),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("SASL_SSL needs a user name")));
  options.username = "u";
  EXPECT_THAT(CheckKafkaCluster(options), IsOk());
}

TEST(KafkaClusterTest, CertificateAndKeyGoTogether) {
  KafkaClusterOptions options = At("a:1");
  options.security = KafkaSecurity::kSsl;
  options.certificate_pem = "cert";
  EXPECT_THAT(CheckKafkaCluster(options),
              StatusIs(absl::StatusCode::kInvalidArgument));
  options.key_pem = Secret("key");
  EXPECT_THAT(CheckKafkaCluster(options), IsOk());
}

TEST(KafkaClusterTest, SettingsFollowTheSecurityProtocol) {
  KafkaClusterOptions options = At("a:1");
  options.username = "u";
  options.password = Secret("p");
  options.ca_pem = "ca";
  EXPECT_THAT(KafkaClusterSettings(options),
              Not(Contains(Key("sasl.password"))));
  EXPECT_THAT(KafkaClusterSettings(options), Not(Contains(Key("ssl.ca.pem"))));

  options.security = KafkaSecurity::kSaslSsl;
  options.mechanism = SaslMechanism::kScramSha512;
  const auto settings = KafkaClusterSettings(options);
  EXPECT_THAT(settings, Contains(Pair("security.protocol", "SASL_SSL")));
  EXPECT_THAT(settings, Contains(Pair("sasl.mechanism", "SCRAM-SHA-512")));
  EXPECT_THAT(settings, Contains(Pair("sasl.password", "p")));
  EXPECT_THAT(settings, Contains(Pair("ssl.ca.pem", "ca")));
  EXPECT_THAT(settings,
              Contains(Pair("ssl.endpoint.identification.algorithm", "https")));
}

}  // namespace
}  // namespace binferry::worker
