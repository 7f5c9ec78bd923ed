#include "controller/model/endpoint_validation.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "controller/model/task_spec_validation.h"

namespace binferry::controller {
namespace {

constexpr uint32_t kMaxPort = 65'535;
constexpr uint32_t kMinRecordBytes = 1'024;
constexpr uint32_t kMaxRecordBytes = 1'000'000'000;

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

void CheckSasl(const DestinationSpec& destination, const TaskSecrets& secrets,
               ViolationList* list) {
  const bool uses_sasl =
      destination.security_protocol == SecurityProtocol::kSaslPlaintext ||
      destination.security_protocol == SecurityProtocol::kSaslSsl;
  const bool has_mechanism =
      destination.sasl_mechanism != SaslMechanism::kUnspecified;
  if (uses_sasl && !has_mechanism) {
    list->Add("task.destination.sasl_mechanism",
              "is required for the SASL protocols: PLAIN, SCRAM_SHA_256 or "
              "SCRAM_SHA_512");
  }
  if (uses_sasl) {
    list->CheckLength("task.destination.username", destination.username, 1,
                      kMaxSecretBytes);
    if (!Has(secrets, SecretField::kDestinationPassword)) {
      list->Add("task.destination.password",
                "is required for the SASL protocols");
    }
  } else if (has_mechanism || !destination.username.empty() ||
             Has(secrets, SecretField::kDestinationPassword)) {
    list->Add("task.destination.security_protocol",
              "is not SASL_PLAINTEXT or SASL_SSL though SASL credentials are "
              "given; set one of them or remove the credentials");
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
  const bool uses_tls =
      destination.security_protocol == SecurityProtocol::kSsl ||
      destination.security_protocol == SecurityProtocol::kSaslSsl;
  if (!uses_tls && (!destination.ca_certificate.empty() || has_key ||
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
