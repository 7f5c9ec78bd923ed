#include "worker/sink/broker_session.h"

#include <openssl/rand.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/clean_text.h"
#include "common/remedy.h"
#include "common/status_macros.h"
#include "worker/sink/sasl_client.h"
#include "worker/sink/wire.h"

namespace binferry::worker {
namespace {

constexpr char kClientId[] = "binferry-test";
constexpr uint32_t kMaxAnswerBytes = 64 * 1024 * 1024;
// The first bytes of an alert or a handshake record of TLS.
constexpr uint32_t kTlsRecords[] = {0x1503, 0x1603};
constexpr int16_t kMetadataWithRights = 8;
constexpr int16_t kOldMetadata = 4;
constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;

std::string NewNonce() {
  unsigned char bytes[24];
  RAND_bytes(bytes, sizeof(bytes));
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes), sizeof(bytes)));
}

absl::string_view CredentialRemedy(SaslMechanism mechanism) {
  switch (mechanism) {
    case SaslMechanism::kPlain:
      return "check username and password of the destination";
    case SaslMechanism::kScramSha256:
    case SaslMechanism::kScramSha512:
      return "check username and password of the destination, and that the "
             "user exists for this mechanism: kafka-configs.sh --describe "
             "--entity-type users --entity-name USER";
    case SaslMechanism::kOauthBearer:
      return "check that the broker trusts the tokens of "
             "oauth_client.token_endpoint: issuer, audience, signature, scope";
    case SaslMechanism::kGssapi:
      break;
  }
  return "check principal and keytab of the destination";
}

}  // namespace

absl::StatusOr<std::string> BrokerSession::Call(BrokerApi api, int16_t version,
                                                absl::string_view body) {
  WireWriter header;
  header.Int(static_cast<int64_t>(api), 2);
  header.Int(version, 2);
  header.Int(++correlation_, 4);
  header.String(kClientId);
  const Secret request(absl::StrCat(std::move(header).Take(), body));
  WireWriter size;
  size.Int(static_cast<int64_t>(request.Reveal().size()), 4);
  BINFERRY_RETURN_IF_ERROR(socket_->Send(std::move(size).Take()));
  BINFERRY_RETURN_IF_ERROR(socket_->Send(request.Reveal()));
  BINFERRY_ASSIGN_OR_RETURN(const std::string length, socket_->Receive(4));
  const auto bytes =
      static_cast<uint32_t>(static_cast<int32_t>(WireReader(length).Int32()));
  for (const uint32_t record : kTlsRecords) {
    if (bytes >> 16 != record) continue;
    return RemedyError(
        kPrecondition,
        absl::StrCat(broker_.ToString(), " speaks TLS, and the task doesn't"),
        "set security_protocol to SSL or SASL_SSL, or give the port of a "
        "listener without TLS");
  }
  if (bytes < 4 || bytes > kMaxAnswerBytes) {
    return RemedyError(kPrecondition,
                       absl::StrCat("what answers at ", broker_.ToString(),
                                    " doesn't speak Kafka's protocol"),
                       "check host and port in destination.bootstrap_servers");
  }
  BINFERRY_ASSIGN_OR_RETURN(std::string answer, socket_->Receive(bytes));
  return answer.substr(4);  // Behind the correlation id.
}

absl::StatusOr<BrokerVersions> BrokerSession::AskVersions(
    KafkaSecurity security) {
  absl::StatusOr<std::string> answer = Call(BrokerApi::kApiVersions, 0, "");
  if (absl::IsUnavailable(answer.status())) {
    return RemedyError(
        kPrecondition,
        absl::StrCat(broker_.ToString(),
                     " ends the connection at the first request"),
        UsesSsl(security)
            ? "check that this is a Kafka listener, and with "
              "ssl.client.auth=required give a client certificate"
            : "the listener probably speaks TLS: set security_protocol to SSL "
              "or SASL_SSL, or give the port of a listener without TLS");
  }
  BINFERRY_RETURN_IF_ERROR(answer.status());
  BINFERRY_ASSIGN_OR_RETURN(versions_, ReadApiVersions(*answer));
  if (!versions_.Has(static_cast<int16_t>(BrokerApi::kInitProducerId), 0)) {
    return RemedyError(
        kPrecondition,
        absl::StrCat("the broker ", broker_.ToString(),
                     " is older than Kafka 0.11 and has no transactions"),
        "upgrade the cluster to Kafka 0.11 or later");
  }
  return versions_;
}

absl::StatusOr<std::string> BrokerSession::Exchange(
    const Secret& message, const KafkaClusterOptions& cluster) {
  BINFERRY_ASSIGN_OR_RETURN(const std::string body,
                            Call(BrokerApi::kSaslAuthenticate, 0,
                                 SaslAuthenticateRequest(message.Reveal())));
  BINFERRY_ASSIGN_OR_RETURN(SaslAuthenticateAnswer answer,
                            ReadSaslAuthenticate(body));
  const bool bearer_error =
      cluster.mechanism == SaslMechanism::kOauthBearer && !answer.bytes.empty();
  if (answer.error == 0 && !bearer_error) return std::move(answer.bytes);
  const std::string detail =
      CleanText(absl::string_view(bearer_error ? answer.bytes : answer.message)
                    .substr(0, 300));
  return RemedyError(
      absl::StatusCode::kUnauthenticated,
      absl::StrCat(broker_.ToString(), " refuses the credentials (",
                   SaslMechanismName(cluster.mechanism), ")"),
      CredentialRemedy(cluster.mechanism), detail);
}

absl::Status BrokerSession::Scram(const KafkaClusterOptions& cluster) {
  ScramClient scram(cluster.mechanism, cluster.username, cluster.password,
                    NewNonce());
  BINFERRY_ASSIGN_OR_RETURN(const std::string first,
                            Exchange(Secret(scram.First()), cluster));
  BINFERRY_ASSIGN_OR_RETURN(const std::string proof, scram.Final(first));
  BINFERRY_ASSIGN_OR_RETURN(const std::string last,
                            Exchange(Secret(proof), cluster));
  return scram.Verify(last);
}

absl::Status BrokerSession::Authenticate(const KafkaClusterOptions& cluster,
                                         const Secret& token) {
  const absl::string_view mechanism = SaslMechanismName(cluster.mechanism);
  BINFERRY_ASSIGN_OR_RETURN(
      const std::string body,
      Call(BrokerApi::kSaslHandshake, 1, SaslHandshakeRequest(mechanism)));
  BINFERRY_ASSIGN_OR_RETURN(const SaslHandshakeAnswer answer,
                            ReadSaslHandshake(body));
  if (answer.error == broker_error::kUnsupportedMechanism) {
    return RemedyError(
        kPrecondition,
        absl::StrCat("the listener ", broker_.ToString(), " doesn't take ",
                     mechanism, "; it takes ",
                     absl::StrJoin(answer.mechanisms, ", ")),
        "set sasl_mechanism to one of these, or add it to the broker's "
        "sasl.enabled.mechanisms");
  }
  if (answer.error != 0) {
    return RemedyError(
        kPrecondition,
        absl::StrCat("the listener ", broker_.ToString(), " has no SASL"),
        "set security_protocol to PLAINTEXT or SSL, or give the port of a "
        "listener with SASL");
  }
  switch (cluster.mechanism) {
    case SaslMechanism::kPlain:
      return Exchange(PlainMessage(cluster.username, cluster.password), cluster)
          .status();
    case SaslMechanism::kScramSha256:
    case SaslMechanism::kScramSha512:
      return Scram(cluster);
    case SaslMechanism::kOauthBearer:
      return Exchange(BearerMessage(token, cluster.oauth.extensions), cluster)
          .status();
    case SaslMechanism::kGssapi:
      break;
  }
  return absl::UnimplementedError("GSSAPI is left to the client library");
}

absl::StatusOr<BrokerMetadata> BrokerSession::AskMetadata(
    const std::vector<std::string>& topics) {
  const int16_t version =
      versions_.Has(static_cast<int16_t>(BrokerApi::kMetadata),
                    kMetadataWithRights)
          ? kMetadataWithRights
          : kOldMetadata;
  const absl::StatusOr<std::string> body =
      Call(BrokerApi::kMetadata, version, MetadataRequest(topics, version));
  if (absl::IsUnavailable(body.status())) {
    return RemedyError(
        kPrecondition,
        absl::StrCat(broker_.ToString(),
                     " ends the connection at the first request that needs "
                     "an identity"),
        "the listener probably wants SASL: set security_protocol to "
        "SASL_PLAINTEXT or SASL_SSL with a mechanism and credentials");
  }
  BINFERRY_RETURN_IF_ERROR(body.status());
  return ReadMetadata(*body, version);
}

absl::Status BrokerSession::TryTransactionalId(
    absl::string_view transactional_id) {
  BINFERRY_ASSIGN_OR_RETURN(
      const std::string body,
      Call(BrokerApi::kInitProducerId, 0,
           HarmlessInitProducerIdRequest(transactional_id)));
  BINFERRY_ASSIGN_OR_RETURN(const int16_t error, ReadInitProducerId(body));
  if (error == broker_error::kTransactionalIdAuthorization) {
    return absl::PermissionDeniedError(absl::StrCat(
        "no right to write with the transactional id ", transactional_id));
  }
  // Whatever else a broker says, it has let the caller in.
  return absl::OkStatus();
}

}  // namespace binferry::worker
