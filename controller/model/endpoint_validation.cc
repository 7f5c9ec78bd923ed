#include "controller/model/endpoint_validation.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/certificate_store.h"
#include "common/secret.h"
#include "controller/model/task_spec_validation.h"

namespace binferry::controller {
namespace {

constexpr uint32_t kMaxPort = 65'535;
constexpr uint32_t kMinRecordBytes = 1'024;
constexpr uint32_t kMaxRecordBytes = 1'000'000'000;
constexpr size_t kMaxTokenEndpointCharacters = 2'048;
constexpr size_t kMaxScopeCharacters = 1'024;
constexpr size_t kMaxSaslExtensions = 20;
constexpr size_t kMaxKeytabBytes = 64 * 1024;

// A name or an address: nothing that could be read as something else by a
// resolver or a client library.
bool IsHost(absl::string_view host) {
  return !host.empty() && host.size() <= kMaxHostCharacters &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '.' || c == '-' || c == '_' || c == ':';
         });
}

bool IsHostAndPort(absl::string_view address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (colon == absl::string_view::npos ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 ||
      port > kMaxPort) {
    return false;
  }
  absl::string_view host = address.substr(0, colon);
  // IPv6 addresses stand in brackets.
  if (absl::ConsumePrefix(&host, "[")) return absl::ConsumeSuffix(&host, "]");
  return host.find(':') == absl::string_view::npos && IsHost(host);
}

bool Has(const TaskSecrets& secrets, SecretField field) {
  return secrets.count(field) > 0;
}

void CheckPem(absl::string_view field, const std::string& pem,
              ViolationList* list) {
  if (pem.size() > kMaxPemBytes) {
    list->Add(field, absl::StrCat("must have at most ", kMaxPemBytes,
                                  " bytes, not ", pem.size()));
  } else if (!pem.empty() && pem.find("-----BEGIN ") == std::string::npos) {
    list->Add(field, "must be PEM, which has a line -----BEGIN ...-----");
  }
}

void CheckSecret(SecretField field, size_t max_bytes,
                 const TaskSecrets& secrets, ViolationList* list) {
  const auto secret = secrets.find(field);
  if (secret != secrets.end() && secret->second.size() > max_bytes) {
    list->Add(absl::StrCat("task.", SecretFieldPath(field)),
              absl::StrCat("must have at most ", max_bytes, " bytes"));
  }
}

void CheckPair(absl::string_view path, const std::string& certificate,
               bool has_key, ViolationList* list) {
  if (certificate.empty() == has_key) {
    list->Add(absl::StrCat(path, certificate.empty() ? ".client_certificate"
                                                     : ".client_key"),
              "is required, because the other half of the pair is given");
  }
}

}  // namespace

void CheckSource(const SourceSpec& source, const TaskSecrets& secrets,
                 ViolationList* list) {
  if (!IsHost(source.host)) {
    list->Add("task.source.host",
              absl::StrCat("must be a host name or an IP address of 1 to ",
                           kMaxHostCharacters, " characters"));
  }
  if (source.port < 1 || source.port > kMaxPort) {
    list->Add("task.source.port",
              absl::StrCat("must be 1 to ", kMaxPort, ", not ", source.port));
  }
  list->CheckLength("task.source.username", source.username, 1,
                    kMaxSourceUsernameCharacters);
  CheckSecret(SecretField::kSourcePassword, kMaxSecretBytes, secrets, list);
  CheckSecret(SecretField::kSourceClientKey, kMaxPemBytes, secrets, list);
  CheckPem("task.source.ca_certificate", source.ca_certificate, list);
  CheckPem("task.source.client_certificate", source.client_certificate, list);
  CheckPair("task.source", source.client_certificate,
            Has(secrets, SecretField::kSourceClientKey), list);
  const bool verifies = source.tls_mode == TlsMode::kVerifyCa ||
                        source.tls_mode == TlsMode::kVerifyIdentity;
  if (verifies && source.ca_certificate.empty()) {
    list->Add("task.source.ca_certificate",
              "is required for VERIFY_CA and VERIFY_IDENTITY");
  }
  const bool is_plain = source.tls_mode == TlsMode::kUnspecified ||
                        source.tls_mode == TlsMode::kDisabled;
  if (is_plain &&
      !(source.ca_certificate.empty() && source.client_certificate.empty())) {
    list->Add("task.source.tls_mode",
              "is DISABLED though certificates are given; set REQUIRED, "
              "VERIFY_CA or VERIFY_IDENTITY, or remove them");
  }
}

namespace {

void CheckBootstrapServers(const std::vector<std::string>& servers,
                           ViolationList* list) {
  constexpr absl::string_view kPath = "task.destination.bootstrap_servers";
  if (servers.empty() || servers.size() > kMaxBootstrapServers) {
    list->Add(kPath, absl::StrCat("must be 1 to ", kMaxBootstrapServers,
                                  " of host:port, not ", servers.size()));
  }
  for (size_t i = 0; i < servers.size(); ++i) {
    if (!IsHostAndPort(servers[i])) {
      list->Add(absl::StrCat(kPath, "[", i, "]"),
                absl::StrCat("must be host:port, port 1 to ", kMaxPort));
    }
  }
}

bool UsesSasl(const DestinationSpec& destination) {
  return destination.security_protocol == SecurityProtocol::kSaslPlaintext ||
         destination.security_protocol == SecurityProtocol::kSaslSsl;
}

bool UsesTls(const DestinationSpec& destination) {
  return destination.security_protocol == SecurityProtocol::kSsl ||
         destination.security_protocol == SecurityProtocol::kSaslSsl;
}

// The credentials of one mechanism: required with it, refused without it.
struct Credential {
  absl::string_view field;
  bool is_given = false;
  bool is_wanted = false;
  absl::string_view what;
};

void CheckCredentials(std::initializer_list<Credential> credentials,
                      ViolationList* list) {
  for (const Credential& credential : credentials) {
    const std::string field =
        absl::StrCat("task.destination.", credential.field);
    if (credential.is_wanted && !credential.is_given) {
      list->Add(field, absl::StrCat("is required for ", credential.what));
    } else if (credential.is_given && !credential.is_wanted) {
      list->Add(field, absl::StrCat("is only for ", credential.what,
                                    "; remove it, or set security_protocol and "
                                    "sasl_mechanism so that it is used"));
    }
  }
}

// Plain HTTP is for a token endpoint on the worker's own machine.
bool IsTokenEndpoint(absl::string_view url) {
  if (absl::ConsumePrefix(&url, "https://")) return !url.empty();
  return absl::StartsWith(url, "http://localhost:") ||
         absl::StartsWith(url, "http://localhost/") ||
         absl::StartsWith(url, "http://127.0.0.1:") ||
         absl::StartsWith(url, "http://127.0.0.1/") ||
         absl::StartsWith(url, "http://[::1]:");
}

void CheckOauthClient(const OauthClient& client, ViolationList* list) {
  constexpr absl::string_view kPath = "task.destination.oauth_client";
  if (!IsTokenEndpoint(client.token_endpoint)) {
    list->Add(absl::StrCat(kPath, ".token_endpoint"),
              "must be an https:// URL, or http:// on localhost");
  }
  list->CheckLength(absl::StrCat(kPath, ".token_endpoint"),
                    client.token_endpoint, 0, kMaxTokenEndpointCharacters);
  list->CheckLength(absl::StrCat(kPath, ".client_id"), client.client_id, 1,
                    kMaxSecretBytes);
  list->CheckLength(absl::StrCat(kPath, ".scope"), client.scope, 0,
                    kMaxScopeCharacters);
  if (client.extensions.size() > kMaxSaslExtensions) {
    list->Add(absl::StrCat(kPath, ".extensions"),
              absl::StrCat("must be at most ", kMaxSaslExtensions));
  }
}

void CheckSasl(const DestinationSpec& destination, const TaskSecrets& secrets,
               ViolationList* list) {
  const bool uses_sasl = UsesSasl(destination);
  const SaslMechanism mechanism =
      uses_sasl ? destination.sasl_mechanism : SaslMechanism::kUnspecified;
  if (uses_sasl && mechanism == SaslMechanism::kUnspecified) {
    list->Add("task.destination.sasl_mechanism",
              "is required for the SASL protocols: PLAIN, SCRAM_SHA_256, "
              "SCRAM_SHA_512, OAUTHBEARER or GSSAPI");
    return;
  }
  if (!uses_sasl && destination.sasl_mechanism != SaslMechanism::kUnspecified) {
    list->Add("task.destination.security_protocol",
              "is not SASL_PLAINTEXT or SASL_SSL though a SASL mechanism is "
              "given; set one of them or remove the mechanism");
  }
  const bool by_password = mechanism == SaslMechanism::kPlain ||
                           mechanism == SaslMechanism::kScramSha256 ||
                           mechanism == SaslMechanism::kScramSha512;
  const bool by_token = mechanism == SaslMechanism::kOauthbearer;
  const bool by_ticket = mechanism == SaslMechanism::kGssapi;
  CheckCredentials(
      {{"username", !destination.username.empty(), by_password,
        "PLAIN and SCRAM"},
       {"password", Has(secrets, SecretField::kDestinationPassword),
        by_password, "PLAIN and SCRAM"},
       {"oauth_client", destination.oauth_client.has_value(), by_token,
        "OAUTHBEARER"},
       {"oauth_client.client_secret",
        Has(secrets, SecretField::kOauthClientSecret), by_token, "OAUTHBEARER"},
       {"kerberos_client", destination.kerberos_client.has_value(), by_ticket,
        "GSSAPI"},
       {"kerberos_client.keytab", Has(secrets, SecretField::kKerberosKeytab),
        by_ticket, "GSSAPI"}},
      list);
  list->CheckLength("task.destination.username", destination.username, 0,
                    kMaxSecretBytes);
  if (destination.oauth_client.has_value()) {
    CheckOauthClient(*destination.oauth_client, list);
  }
  if (destination.kerberos_client.has_value()) {
    list->CheckLength("task.destination.kerberos_client.principal",
                      destination.kerberos_client->principal, 1,
                      kMaxSecretBytes);
    list->CheckLength("task.destination.kerberos_client.service_name",
                      destination.kerberos_client->service_name, 0,
                      kMaxSecretBytes);
  }
}

// A secret of the request; nothing for one that is kept or not there.
std::optional<Secret> Given(const TaskSecrets& secrets, SecretField field) {
  const auto it = secrets.find(field);
  if (it == secrets.end()) return Secret();
  if (it->second.empty()) return std::nullopt;
  return Secret(it->second);
}

// Opens what can be opened: a store whose password is kept from before was
// looked at then.
void CheckStores(const DestinationSpec& destination, const TaskSecrets& secrets,
                 ViolationList* list) {
  const std::optional<Secret> trust_password =
      Given(secrets, SecretField::kTrustStorePassword);
  if (!destination.trust_store.empty() && trust_password.has_value()) {
    const absl::Status read =
        ReadTrustStore(destination.trust_store, *trust_password).status();
    if (!read.ok()) list->Add("task.destination.trust_store", read.message());
  }
  if (destination.trust_store.empty() &&
      Has(secrets, SecretField::kTrustStorePassword)) {
    list->Add("task.destination.trust_store.content",
              "is required, because its password is given");
  }
  const auto key_store = secrets.find(SecretField::kKeyStoreContent);
  const std::optional<Secret> password =
      Given(secrets, SecretField::kKeyStorePassword);
  const std::optional<Secret> key_password =
      Given(secrets, SecretField::kKeyStoreKeyPassword);
  if (key_store == secrets.end()) {
    if (Has(secrets, SecretField::kKeyStorePassword) ||
        Has(secrets, SecretField::kKeyStoreKeyPassword)) {
      list->Add("task.destination.key_store.content",
                "is required, because its password is given");
    }
  } else if (!key_store->second.empty() && password.has_value() &&
             key_password.has_value()) {
    const absl::Status read =
        ReadKeyStore(key_store->second, *password, *key_password).status();
    if (!read.ok()) list->Add("task.destination.key_store", read.message());
  }
  if (!destination.trust_store.empty() && !destination.ca_certificate.empty()) {
    list->Add("task.destination.ca_certificate",
              "does not go with trust_store; keep one of them");
  }
  if (key_store != secrets.end() && !destination.client_certificate.empty()) {
    list->Add("task.destination.client_certificate",
              "does not go with key_store; keep one of them");
  }
}

void CheckDestinationTls(const DestinationSpec& destination,
                         const TaskSecrets& secrets, ViolationList* list) {
  const bool has_key = Has(secrets, SecretField::kDestinationClientKey);
  CheckPem("task.destination.ca_certificate", destination.ca_certificate, list);
  CheckPem("task.destination.client_certificate",
           destination.client_certificate, list);
  CheckPair("task.destination", destination.client_certificate, has_key, list);
  if (Has(secrets, SecretField::kDestinationClientKeyPassword) && !has_key) {
    list->Add("task.destination.client_key",
              "is required, because its password is given");
  }
  CheckStores(destination, secrets, list);
  const bool has_store = !destination.trust_store.empty() ||
                         Has(secrets, SecretField::kKeyStoreContent);
  if (!UsesTls(destination) &&
      (!destination.ca_certificate.empty() || has_key || has_store ||
       !destination.client_certificate.empty() ||
       destination.skip_endpoint_identification)) {
    list->Add("task.destination.security_protocol",
              "is not SSL or SASL_SSL though TLS options are given; set one of "
              "them or remove the options");
  }
}

}  // namespace

void CheckDestination(const DestinationSpec& destination,
                      const TaskSecrets& secrets, ViolationList* list) {
  CheckBootstrapServers(destination.bootstrap_servers, list);
  CheckSecret(SecretField::kDestinationPassword, kMaxSecretBytes, secrets,
              list);
  CheckSecret(SecretField::kDestinationClientKey, kMaxPemBytes, secrets, list);
  CheckSecret(SecretField::kDestinationClientKeyPassword, kMaxSecretBytes,
              secrets, list);
  CheckSecret(SecretField::kTrustStorePassword, kMaxSecretBytes, secrets, list);
  CheckSecret(SecretField::kKeyStorePassword, kMaxSecretBytes, secrets, list);
  CheckSecret(SecretField::kKeyStoreKeyPassword, kMaxSecretBytes, secrets,
              list);
  CheckSecret(SecretField::kOauthClientSecret, kMaxSecretBytes, secrets, list);
  CheckSecret(SecretField::kKerberosKeytab, kMaxKeytabBytes, secrets, list);
  CheckSasl(destination, secrets, list);
  CheckDestinationTls(destination, secrets, list);
  if (destination.max_record_bytes != 0 &&
      (destination.max_record_bytes < kMinRecordBytes ||
       destination.max_record_bytes > kMaxRecordBytes)) {
    list->Add(
        "task.destination.max_record_bytes",
        absl::StrCat("must be ", kMinRecordBytes, " to ", kMaxRecordBytes));
  }
}

}  // namespace binferry::controller
