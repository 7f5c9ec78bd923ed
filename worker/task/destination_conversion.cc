#include "worker/task/destination_conversion.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/certificate_store.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

absl::Status Unimplemented(absl::string_view field, absl::string_view value) {
  return absl::UnimplementedError(absl::StrCat(
      field, ": ", value, " is not carried out by this worker's version"));
}

absl::Status Named(absl::string_view field, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(field, ": ", status.message()));
}

absl::StatusOr<KafkaSecurity> ConvertSecurity(v1::SecurityProtocol protocol) {
  switch (protocol) {
    case v1::SECURITY_PROTOCOL_UNSPECIFIED:
    case v1::SECURITY_PROTOCOL_PLAINTEXT:
      return KafkaSecurity::kPlaintext;
    case v1::SECURITY_PROTOCOL_SSL:
      return KafkaSecurity::kSsl;
    case v1::SECURITY_PROTOCOL_SASL_PLAINTEXT:
      return KafkaSecurity::kSaslPlaintext;
    case v1::SECURITY_PROTOCOL_SASL_SSL:
      return KafkaSecurity::kSaslSsl;
    case v1::SecurityProtocol_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::SecurityProtocol_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Unimplemented("destination.security_protocol", absl::StrCat(protocol));
}

absl::StatusOr<SaslMechanism> ConvertMechanism(v1::SaslMechanism mechanism) {
  switch (mechanism) {
    case v1::SASL_MECHANISM_UNSPECIFIED:
    case v1::SASL_MECHANISM_PLAIN:
      return SaslMechanism::kPlain;
    case v1::SASL_MECHANISM_SCRAM_SHA_256:
      return SaslMechanism::kScramSha256;
    case v1::SASL_MECHANISM_SCRAM_SHA_512:
      return SaslMechanism::kScramSha512;
    case v1::SASL_MECHANISM_OAUTHBEARER:
      return SaslMechanism::kOauthBearer;
    case v1::SASL_MECHANISM_GSSAPI:
      return SaslMechanism::kGssapi;
    case v1::SaslMechanism_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::SaslMechanism_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Unimplemented("destination.sasl_mechanism",
                       v1::SaslMechanism_Name(mechanism));
}

absl::Status ConvertStores(const v1::Destination& destination,
                           KafkaClusterOptions* cluster) {
  if (destination.has_trust_store()) {
    const v1::CertificateStore& store = destination.trust_store();
    absl::StatusOr<std::string> pem =
        ReadTrustStore(store.content(), Secret(store.password()));
    if (!pem.ok()) return Named("destination.trust_store", pem.status());
    cluster->ca_pem = *std::move(pem);
  }
  if (destination.has_key_store()) {
    const v1::CertificateStore& store = destination.key_store();
    absl::StatusOr<ClientCertificate> client =
        ReadKeyStore(store.content(), Secret(store.password()),
                     Secret(store.key_password()));
    if (!client.ok()) return Named("destination.key_store", client.status());
    cluster->certificate_pem = std::move(client->certificate_pem);
    cluster->key_pem = std::move(client->key_pem);
    cluster->key_password = Secret();
  }
  return absl::OkStatus();
}

OauthClientOptions ConvertOauth(const v1::OauthClient& oauth) {
  OauthClientOptions options;
  options.token_endpoint = oauth.token_endpoint();
  options.client_id = oauth.client_id();
  options.client_secret = Secret(oauth.client_secret());
  options.scope = oauth.scope();
  options.extensions.insert(oauth.extensions().begin(),
                            oauth.extensions().end());
  return options;
}

KerberosClientOptions ConvertKerberos(const v1::KerberosClient& kerberos) {
  KerberosClientOptions options;
  options.principal = kerberos.principal();
  options.keytab = Secret(kerberos.keytab());
  if (!kerberos.service_name().empty()) {
    options.service_name = kerberos.service_name();
  }
  return options;
}

}  // namespace

absl::StatusOr<KafkaClusterOptions> ConvertDestination(
    const v1::Destination& destination) {
  KafkaClusterOptions cluster;
  cluster.bootstrap_servers =
      absl::StrJoin(destination.bootstrap_servers(), ",");
  BINFERRY_ASSIGN_OR_RETURN(cluster.security,
                            ConvertSecurity(destination.security_protocol()));
  BINFERRY_ASSIGN_OR_RETURN(cluster.mechanism,
                            ConvertMechanism(destination.sasl_mechanism()));
  cluster.username = destination.username();
  cluster.password = Secret(destination.password());
  cluster.oauth = ConvertOauth(destination.oauth_client());
  cluster.kerberos = ConvertKerberos(destination.kerberos_client());
  cluster.ca_pem = destination.ca_certificate();
  cluster.certificate_pem = destination.client_certificate();
  cluster.key_pem = Secret(destination.client_key());
  cluster.key_password = Secret(destination.client_key_password());
  BINFERRY_RETURN_IF_ERROR(ConvertStores(destination, &cluster));
  cluster.endpoint_identification = destination.skip_endpoint_identification()
                                        ? EndpointIdentification::kNone
                                        : EndpointIdentification::kHttps;
  if (absl::Status check = CheckKafkaCluster(cluster); !check.ok()) {
    return Named("destination", check);
  }
  return cluster;
}

}  // namespace binferry::worker
