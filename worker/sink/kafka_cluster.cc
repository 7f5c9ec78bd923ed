#include "worker/sink/kafka_cluster.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

bool UsesSsl(KafkaSecurity security) {
  return security == KafkaSecurity::kSsl || security == KafkaSecurity::kSaslSsl;
}

bool UsesSasl(KafkaSecurity security) {
  return security == KafkaSecurity::kSaslPlaintext ||
         security == KafkaSecurity::kSaslSsl;
}

absl::Status CheckServer(absl::string_view server) {
  const size_t colon = server.rfind(':');
  int32_t port = 0;
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(server.substr(colon + 1), &port) || port < 1 ||
      port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("bootstrap server \"", server.substr(0, 300),
                     "\" is not host:port with a port from 1 to 65535"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view KafkaSecurityName(KafkaSecurity security) {
  switch (security) {
    case KafkaSecurity::kPlaintext:
      return "PLAINTEXT";
    case KafkaSecurity::kSsl:
      return "SSL";
    case KafkaSecurity::kSaslPlaintext:
      return "SASL_PLAINTEXT";
    case KafkaSecurity::kSaslSsl:
      return "SASL_SSL";
  }
  return "";
}

absl::string_view SaslMechanismName(SaslMechanism mechanism) {
  switch (mechanism) {
    case SaslMechanism::kPlain:
      return "PLAIN";
    case SaslMechanism::kScramSha256:
      return "SCRAM-SHA-256";
    case SaslMechanism::kScramSha512:
      return "SCRAM-SHA-512";
  }
  return "";
}

absl::Status CheckKafkaCluster(const KafkaClusterOptions& options) {
  if (options.bootstrap_servers.empty()) {
    return absl::InvalidArgumentError("no bootstrap server is given");
  }
  for (const absl::string_view server :
       absl::StrSplit(options.bootstrap_servers, ',')) {
    BINFERRY_RETURN_IF_ERROR(CheckServer(server));
  }
  if (UsesSasl(options.security) && options.username.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(KafkaSecurityName(options.security),
                     " needs a user name and a password"));
  }
  if (UsesSsl(options.security) &&
      options.certificate_pem.empty() != options.key_pem.empty()) {
    return absl::InvalidArgumentError(
        "a client certificate and its private key go together: give both or "
        "none");
  }
  return absl::OkStatus();
}

std::vector<std::pair<std::string, std::string>> KafkaClusterSettings(
    const KafkaClusterOptions& options) {
  std::vector<std::pair<std::string, std::string>> settings = {
      {"bootstrap.servers", options.bootstrap_servers},
      {"security.protocol", std::string(KafkaSecurityName(options.security))}};
  if (UsesSasl(options.security)) {
    settings.emplace_back("sasl.mechanism",
                          std::string(SaslMechanismName(options.mechanism)));
    settings.emplace_back("sasl.username", options.username);
    settings.emplace_back("sasl.password", options.password.Reveal());
  }
  if (!UsesSsl(options.security)) return settings;
  if (!options.ca_pem.empty()) {
    settings.emplace_back("ssl.ca.pem", options.ca_pem);
  }
  if (!options.certificate_pem.empty()) {
    settings.emplace_back("ssl.certificate.pem", options.certificate_pem);
    // The password must be known before the key is parsed.
    if (!options.key_password.empty()) {
      settings.emplace_back("ssl.key.password", options.key_password.Reveal());
    }
    settings.emplace_back("ssl.key.pem", options.key_pem.Reveal());
  }
  // The default of older client libraries is none.
  settings.emplace_back(
      "ssl.endpoint.identification.algorithm",
      options.endpoint_identification == EndpointIdentification::kHttps
          ? "https"
          : "none");
  return settings;
}

}  // namespace binferry::worker
