#include "worker/sink/kafka_cluster.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

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

// Whoever may listen to http:// there is this machine.
bool IsLocal(absl::string_view authority) {
  if (absl::StrContains(authority, "@")) return false;  // A user, then a host.
  const absl::string_view host =
      absl::StartsWith(authority, "[")
          ? authority.substr(0, authority.find(']') + 1)
          : authority.substr(0, authority.find(':'));
  return host == "localhost" || host == "[::1]" ||
         (absl::StartsWith(host, "127.") &&
          host.find_first_not_of("0123456789.") == absl::string_view::npos);
}

absl::Status CheckOauth(const OauthClientOptions& oauth) {
  if (oauth.client_id.empty() || oauth.client_secret.empty()) {
    return absl::InvalidArgumentError(
        "OAUTHBEARER needs a client id and a client secret");
  }
  absl::string_view rest = oauth.token_endpoint;
  if (absl::ConsumePrefix(&rest, "https://")) return absl::OkStatus();
  if (absl::ConsumePrefix(&rest, "http://") &&
      IsLocal(rest.substr(0, rest.find_first_of("/?#")))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "the token endpoint must be an https:// URL; http:// is taken only for "
      "hosts that are the worker's own machine (localhost)");
}

// Both become parts of a shell's command line.
bool IsPlainWord(absl::string_view text) {
  constexpr absl::string_view kMarks = "._/@-";
  return !text.empty() && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [&](char letter) {
           return absl::ascii_isalnum(static_cast<unsigned char>(letter)) ||
                  kMarks.find(letter) != absl::string_view::npos;
         });
}

absl::Status CheckKerberos(const KerberosClientOptions& kerberos) {
  if (kerberos.keytab.empty()) {
    return absl::InvalidArgumentError("GSSAPI needs a keytab");
  }
  if (!IsPlainWord(kerberos.principal) || !IsPlainWord(kerberos.service_name)) {
    return absl::InvalidArgumentError(
        "GSSAPI needs a principal and a service name of letters, digits and "
        "`. _ / @ -`");
  }
  return absl::OkStatus();
}

absl::Status CheckSasl(const KafkaClusterOptions& options) {
  switch (options.mechanism) {
    case SaslMechanism::kPlain:
    case SaslMechanism::kScramSha256:
    case SaslMechanism::kScramSha512:
      if (!options.username.empty()) return absl::OkStatus();
      return absl::InvalidArgumentError(
          absl::StrCat(KafkaSecurityName(options.security),
                       " needs a user name and a password"));
    case SaslMechanism::kOauthBearer:
      return CheckOauth(options.oauth);
    case SaslMechanism::kGssapi:
      return CheckKerberos(options.kerberos);
  }
  return absl::OkStatus();
}

void AppendSasl(const KafkaClusterOptions& options,
                std::vector<std::pair<std::string, std::string>>* settings) {
  settings->emplace_back("sasl.mechanism",
                         std::string(SaslMechanismName(options.mechanism)));
  switch (options.mechanism) {
    case SaslMechanism::kPlain:
    case SaslMechanism::kScramSha256:
    case SaslMechanism::kScramSha512:
      settings->emplace_back("sasl.username", options.username);
      settings->emplace_back("sasl.password", options.password.Reveal());
      break;
    case SaslMechanism::kOauthBearer:
      break;  // KafkaClient fetches tokens.
    case SaslMechanism::kGssapi:
      settings->emplace_back("sasl.kerberos.service.name",
                             options.kerberos.service_name);
      settings->emplace_back("sasl.kerberos.principal",
                             options.kerberos.principal);
      break;
  }
}

}  // namespace

bool UsesSsl(KafkaSecurity security) {
  return security == KafkaSecurity::kSsl || security == KafkaSecurity::kSaslSsl;
}

bool UsesSasl(KafkaSecurity security) {
  return security == KafkaSecurity::kSaslPlaintext ||
         security == KafkaSecurity::kSaslSsl;
}

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
    case SaslMechanism::kOauthBearer:
      return "OAUTHBEARER";
    case SaslMechanism::kGssapi:
      return "GSSAPI";
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
  if (UsesSasl(options.security)) BINFERRY_RETURN_IF_ERROR(CheckSasl(options));
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
  if (UsesSasl(options.security)) AppendSasl(options, &settings);
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
