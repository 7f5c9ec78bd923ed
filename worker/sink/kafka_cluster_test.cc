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

TEST(KafkaClusterTest, OauthNeedsAClientAndATrustworthyEndpoint) {
  KafkaClusterOptions options = At("a:1");
  options.security = KafkaSecurity::kSaslSsl;
  options.mechanism = SaslMechanism::kOauthBearer;
  EXPECT_THAT(CheckKafkaCluster(options),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("client id and a client secret")));
  options.oauth.client_id = "id";
  options.oauth.client_secret = Secret("s");
  for (const char* good : {"https://id.example/t", "http://localhost:8/t",
                           "http://127.0.0.1/t", "http://[::1]:8/t"}) {
    options.oauth.token_endpoint = good;
    EXPECT_THAT(CheckKafkaCluster(options), IsOk()) << good;
  }
  for (const char* bad :
       {"", "http://id.example/t", "http://localhost.example/t",
        "http://127.evil.example/t", "http://localhost@evil.example/t",
        "http://localhost:1@evil.example/t", "file:///etc/passwd"}) {
    options.oauth.token_endpoint = bad;
    EXPECT_THAT(CheckKafkaCluster(options),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("token endpoint")))
        << bad;
  }
}

TEST(KafkaClusterTest, KerberosNamesCantRunCommands) {
  KafkaClusterOptions options = At("a:1");
  options.security = KafkaSecurity::kSaslPlaintext;
  options.mechanism = SaslMechanism::kGssapi;
  options.kerberos.keytab = Secret("keys");
  options.kerberos.principal = "binferry/host.example@EXAMPLE.COM";
  EXPECT_THAT(CheckKafkaCluster(options), IsOk());
  EXPECT_THAT(KafkaClusterSettings(options),
              Contains(Pair("sasl.kerberos.service.name", "kafka")));
  for (const char* bad : {"", "a; rm -rf /", "$(id)", "-k", "a b", "a`id`"}) {
    options.kerberos.principal = bad;
    EXPECT_THAT(CheckKafkaCluster(options),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << bad;
  }
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
