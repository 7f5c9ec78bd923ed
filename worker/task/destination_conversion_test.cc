#include "worker/task/destination_conversion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/certificate_store.h"
#include "common/read_file.h"
#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string File(absl::string_view name) {
  return ReadFile(absl::StrCat(BINFERRY_SOURCE_DIR, "/common/testdata/", name),
                  kMaxCertificateStoreBytes)
      .value_or("");
}

v1::Destination Secured() {
  v1::Destination destination;
  destination.add_bootstrap_servers("b1.example:9093");
  destination.set_security_protocol(v1::SECURITY_PROTOCOL_SSL);
  return destination;
}

TEST(DestinationConversionTest, StoresOfJavaBecomePem) {
  v1::Destination destination = Secured();
  destination.mutable_trust_store()->set_content(File("trust.jks"));
  destination.mutable_trust_store()->set_password("trust-word");
  destination.mutable_key_store()->set_content(File("key.p12"));
  destination.mutable_key_store()->set_password("store-word");
  const absl::StatusOr<KafkaClusterOptions> cluster =
      ConvertDestination(destination);
  ASSERT_THAT(cluster, IsOk());
  EXPECT_EQ(cluster->ca_pem, File("ca.pem"));
  EXPECT_THAT(cluster->certificate_pem, StartsWith(File("client.pem")));
  EXPECT_EQ(cluster->key_pem.Reveal(), File("client-key.pem"));
}

TEST(DestinationConversionTest, AWrongPasswordNamesTheField) {
  v1::Destination destination = Secured();
  destination.mutable_key_store()->set_content(File("key.p12"));
  destination.mutable_key_store()->set_password("not-this");
  EXPECT_THAT(ConvertDestination(destination).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("destination.key_store: the password")));
}

TEST(DestinationConversionTest, OauthAndKerberosGoOn) {
  v1::Destination destination = Secured();
  destination.set_security_protocol(v1::SECURITY_PROTOCOL_SASL_SSL);
  destination.set_sasl_mechanism(v1::SASL_MECHANISM_OAUTHBEARER);
  v1::OauthClient& oauth = *destination.mutable_oauth_client();
  oauth.set_token_endpoint("https://id.example/token");
  oauth.set_client_id("id");
  oauth.set_client_secret("s");
  (*oauth.mutable_extensions())["logicalCluster"] = "c1";
  absl::StatusOr<KafkaClusterOptions> cluster = ConvertDestination(destination);
  ASSERT_THAT(cluster, IsOk());
  EXPECT_EQ(cluster->oauth.extensions.at("logicalCluster"), "c1");
  destination.set_sasl_mechanism(v1::SASL_MECHANISM_GSSAPI);
  destination.mutable_kerberos_client()->set_principal("binferry@EXAMPLE.COM");
  destination.mutable_kerberos_client()->set_keytab("keys");
  cluster = ConvertDestination(destination);
  ASSERT_THAT(cluster, IsOk());
  EXPECT_EQ(cluster->kerberos.service_name, "kafka");
}

}  // namespace
}  // namespace binferry::worker
