// How to reach a Kafka cluster.
#ifndef BINFERRY_WORKER_SINK_KAFKA_CLUSTER_H_
#define BINFERRY_WORKER_SINK_KAFKA_CLUSTER_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/secret.h"

namespace binferry::worker {

enum class KafkaSecurity : uint8_t {
  kPlaintext,
  kSsl,
  kSaslPlaintext,
  kSaslSsl
};

enum class SaslMechanism : uint8_t {
  kPlain,
  kScramSha256,
  kScramSha512,
  kOauthBearer,
  kGssapi
};

// Whether the broker's certificate must name the host that is dialed.
enum class EndpointIdentification : uint8_t { kHttps, kNone };

// Gets tokens by the client credentials grant (RFC 6749, 4.4).
struct OauthClientOptions {
  // https:// or, for hosts that are this machine's own, http://.
  std::string token_endpoint;
  std::string client_id;
  Secret client_secret;
  std::string scope;                              // Empty: none.
  std::map<std::string, std::string> extensions;  // Of SASL (RFC 7628).
};

struct KerberosClientOptions {
  std::string principal;
  Secret keytab;  // The file's bytes.
  std::string service_name = "kafka";
};

// Everything that opens a connection.
struct KafkaClusterOptions {
  std::string bootstrap_servers;  // "host:port", separated by commas.
  KafkaSecurity security = KafkaSecurity::kPlaintext;
  // With SASL.
  SaslMechanism mechanism = SaslMechanism::kPlain;
  std::string username;  // With PLAIN and SCRAM.
  Secret password;
  OauthClientOptions oauth;        // With OAUTHBEARER.
  KerberosClientOptions kerberos;  // With GSSAPI.
  // With SSL. PEM text, not file names. Without a CA the system's are trusted.
  std::string ca_pem;
  // The client's own, both or none.
  std::string certificate_pem;
  Secret key_pem;
  Secret key_password;
  EndpointIdentification endpoint_identification =
      EndpointIdentification::kHttps;
};

// INVALID_ARGUMENT, naming what is wrong, for options that can't work: no or
// malformed bootstrap servers, SASL without what its mechanism needs, a token
// endpoint without TLS on another machine, a principal with characters that
// Kerberos' names don't have, half a client certificate.
absl::Status CheckKafkaCluster(const KafkaClusterOptions& options);

// The client library's settings for `options`, name and value, passwords
// included. `options` must have passed CheckKafkaCluster.
std::vector<std::pair<std::string, std::string>> KafkaClusterSettings(
    const KafkaClusterOptions& options);

bool UsesSsl(KafkaSecurity security);
bool UsesSasl(KafkaSecurity security);

// "SASL_SSL", as Kafka writes it.
absl::string_view KafkaSecurityName(KafkaSecurity security);
// "SCRAM-SHA-256", as Kafka writes it.
absl::string_view SaslMechanismName(SaslMechanism mechanism);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_KAFKA_CLUSTER_H_
