#include "worker/precheck/destination_view.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/remedy.h"
#include "common/status_macros.h"
#include "worker/sink/broker_session.h"
#include "worker/sink/broker_socket.h"
#include "worker/sink/kafka_library.h"
#include "worker/sink/kafka_state_topics.h"
#include "worker/sink/oauth_token.h"

namespace binferry::worker {
namespace {

// Listeners of larger clusters are not all tried.
constexpr size_t kMaxListeners = 100;
constexpr char kAdvertisedRemedy[] =
    "the brokers tell clients to come to this address; correct "
    "advertised.listeners of the broker, or make the worker's machine reach it "
    "(DNS, routes, firewalls)";

using Finding = absl::StatusOr<std::string>;

enum class Origin : uint8_t { kBootstrap, kAdvertised };

class Viewer {
 public:
  Viewer(const DestinationTrial& trial, const Clock* clock)
      : trial_(trial),
        clock_(clock),
        patience_{clock, clock->MonotonicNow() + trial.time_left, trial.stop} {}

  DestinationView Run() && {
    if (Look()) view_.facts = std::move(facts_);
    return std::move(view_);
  }

 private:
  // False: a step failed.
  bool Look() {
    const absl::Status valid = CheckKafkaCluster(trial_.cluster);
    if (!valid.ok()) {
      return Take("AUTHENTICATION", trial_.cluster.bootstrap_servers,
                  [&] { return Finding(valid); });
    }
    if (!FetchToken()) return false;
    for (const absl::string_view server :
         absl::StrSplit(trial_.cluster.bootstrap_servers, ',')) {
      if (!Visit(AddressOf(server), Origin::kBootstrap)) return false;
    }
    if (!AskMetadata()) return false;
    size_t count = 0;
    for (const BrokerMetadata::Broker& broker : metadata_.brokers) {
      const BrokerAddress address{broker.host,
                                  static_cast<uint16_t>(broker.port)};
      if (++count > kMaxListeners) break;
      if (std::find(visited_.begin(), visited_.end(), address) !=
          visited_.end()) {
        continue;
      }
      if (!Visit(address, Origin::kAdvertised)) return false;
    }
    return Gather();
  }

  static BrokerAddress AddressOf(absl::string_view server) {
    const size_t colon = server.rfind(':');
    int port = 0;
    if (!absl::SimpleAtoi(server.substr(colon + 1), &port)) port = 0;
    return {std::string(server.substr(0, colon)), static_cast<uint16_t>(port)};
  }

  bool Take(std::string name, std::string target,
            const std::function<Finding()>& take) {
    const MonotonicTime began = clock_->MonotonicNow();
    const Finding found = take();
    TestStep& step = view_.steps.emplace_back();
    step.step = std::move(name);
    step.target = std::move(target);
    step.passed = found.ok();
    step.message = found.ok() ? *found : CauseOf(found.status());
    step.remedy = RemedyOf(found.status());
    step.duration = clock_->MonotonicNow() - began;
    return step.passed;
  }

  bool UsesSaslOfOurs() const {
    return UsesSasl(trial_.cluster.security) &&
           trial_.cluster.mechanism != SaslMechanism::kGssapi;
  }

  bool FetchToken() {
    if (!UsesSasl(trial_.cluster.security) ||
        trial_.cluster.mechanism != SaslMechanism::kOauthBearer) {
      return true;
    }
    const std::string& endpoint = trial_.cluster.oauth.token_endpoint;
    return Take("AUTHENTICATION", endpoint, [&]() -> Finding {
      OauthTokenRequest request;
      request.client = trial_.cluster.oauth;
      request.ca_pem = trial_.cluster.ca_pem;
      request.timeout = std::min(trial_.time_left, request.timeout);
      request.stop = trial_.stop;
      BINFERRY_ASSIGN_OR_RETURN(OauthToken token, FetchOauthToken(request));
      token_ = std::move(token.value);
      return absl::StrCat("gave a token for ",
                          absl::FormatDuration(token.lifetime));
    });
  }

  // Name, TCP, TLS and authentication of one listener.
  bool Visit(const BrokerAddress& address, Origin origin) {
    const std::string target =
        origin == Origin::kBootstrap
            ? address.ToString()
            : absl::StrCat(address.ToString(), " (advertised)");
    visited_.push_back(address);
    const bool passed = Reach(address, target);
    if (!passed && origin == Origin::kAdvertised) {
      TestStep& failed = view_.steps.back();
      if (failed.step == "NAME_RESOLUTION" || failed.step == "TCP") {
        failed.remedy = kAdvertisedRemedy;
      }
    }
    return passed;
  }

  bool Reach(const BrokerAddress& address, const std::string& target) {
    std::vector<DialAddress> addresses;
    std::unique_ptr<BrokerSocket> socket;
    const bool connected =
        Take("NAME_RESOLUTION", target,
             [&]() -> Finding {
               BINFERRY_ASSIGN_OR_RETURN(addresses, ResolveBroker(address));
               std::vector<std::string> texts;
               for (const DialAddress& found : addresses) {
                 texts.push_back(found.text);
               }
               return absl::StrJoin(texts, ", ");
             }) &&
        Take("TCP", target, [&]() -> Finding {
          BINFERRY_ASSIGN_OR_RETURN(
              socket, BrokerSocket::Connect(address, addresses, patience_));
          return absl::StrCat("connected to ", socket->peer());
        });
    if (!connected) return false;
    BrokerSocket* const raw = socket.get();
    auto session = std::make_unique<BrokerSession>(address, std::move(socket));
    BrokerVersions versions;
    const KafkaSecurity security = trial_.cluster.security;
    if (UsesSsl(security) && !Take("TLS", target, [&]() -> Finding {
          BINFERRY_ASSIGN_OR_RETURN(std::string found,
                                    raw->StartTls(trial_.cluster));
          // A broker refuses a client's certificate only with its first answer.
          BINFERRY_ASSIGN_OR_RETURN(versions, session->AskVersions(security));
          return found;
        })) {
      return false;
    }
    if (!UsesSsl(security) || session_ == nullptr) {
      const bool asked = Take("API_VERSIONS", target, [&]() -> Finding {
        if (versions.apis.empty()) {
          BINFERRY_ASSIGN_OR_RETURN(versions, session->AskVersions(security));
        }
        return absl::StrCat("Kafka ", versions.Release(),
                            "; transactions are supported");
      });
      if (!asked) return false;
    }
    if (UsesSaslOfOurs() && !Take("AUTHENTICATION", target, [&]() -> Finding {
          BINFERRY_RETURN_IF_ERROR(
              session->Authenticate(trial_.cluster, token_));
          return absl::StrCat(SaslMechanismName(trial_.cluster.mechanism),
                              " as ", AclPrincipal(trial_.cluster));
        })) {
      return false;
    }
    if (session_ == nullptr) {
      session_ = std::move(session);
      facts_.versions = std::move(versions);
    }
    return true;
  }

  absl::StatusOr<KafkaAdmin*> Admin() {
    if (admin_ == nullptr) {
      const absl::Duration left = patience_.deadline - clock_->MonotonicNow();
      BINFERRY_ASSIGN_OR_RETURN(
          admin_,
          KafkaAdmin::Create(
              {.cluster = trial_.cluster,
               .timeout = std::clamp(left, absl::Seconds(1), absl::Seconds(15)),
               .interrupt = trial_.stop},
              clock_));
    }
    return admin_.get();
  }

  bool AskMetadata() {
    const bool by_library =
        UsesSasl(trial_.cluster.security) && !UsesSaslOfOurs();
    return Take(by_library ? "AUTHENTICATION" : "METADATA",
                trial_.cluster.bootstrap_servers, [&]() -> Finding {
                  if (by_library) {
                    BINFERRY_RETURN_IF_ERROR(DescribeByLibrary());
                  } else {
                    BINFERRY_ASSIGN_OR_RETURN(
                        metadata_, session_->AskMetadata(WantedTopics()));
                  }
                  return absl::StrCat("cluster ", metadata_.cluster_id,
                                      " with ", metadata_.brokers.size(),
                                      " brokers");
                });
  }

  absl::Status DescribeByLibrary() {
    BINFERRY_ASSIGN_OR_RETURN(KafkaAdmin * admin, Admin());
    BINFERRY_ASSIGN_OR_RETURN(const KafkaClusterDescription cluster,
                              admin->DescribeCluster());
    metadata_.cluster_id = cluster.cluster_id;
    for (const KafkaBroker& broker : cluster.brokers) {
      metadata_.brokers.push_back({broker.id, broker.host, broker.port});
    }
    BINFERRY_ASSIGN_OR_RETURN(const std::vector<KafkaTopic> topics,
                              admin->ListTopics());
    for (const std::string& wanted : WantedTopics()) {
      BrokerMetadata::Topic& topic = metadata_.topics.emplace_back();
      topic.name = wanted;
      topic.error = broker_error::kUnknownTopic;
      for (const KafkaTopic& found : topics) {
        if (found.name != wanted) continue;
        topic.error = 0;
        topic.partition_count = found.partition_count;
        topic.replication_factor = found.replication_factor;
      }
    }
    return absl::OkStatus();
  }

  std::vector<std::string> WantedTopics() const {
    std::vector<std::string> names = {
        CheckpointTopicName(trial_.use.state_prefix),
        SchemaTopicName(trial_.use.state_prefix)};
    for (const PlannedTopic& topic : trial_.use.plan.topics) {
      names.push_back(topic.name);
    }
    return names;
  }

  bool Gather() {
    absl::Status gathered = GatherFacts();
    if (gathered.ok()) return true;
    const std::string caution = SaslCaution(trial_.cluster.mechanism);
    if (absl::IsUnauthenticated(gathered) && !caution.empty()) {
      gathered = RemedyError(
          absl::StatusCode::kFailedPrecondition,
          "the brokers take the credentials from this test, but not from the "
          "Kafka client library that carries the task",
          caution);
    }
    return Take("METADATA", trial_.cluster.bootstrap_servers,
                [&] { return Finding(gathered); });
  }

  absl::Status GatherFacts() {
    facts_.cluster_id = metadata_.cluster_id;
    facts_.broker_count = static_cast<int32_t>(metadata_.brokers.size());
    facts_.security = trial_.cluster.security;
    facts_.cluster_operations = metadata_.cluster_operations;
    if (!UsesSasl(trial_.cluster.security) || UsesSaslOfOurs()) {
      facts_.transactional_id =
          session_->TryTransactionalId(trial_.use.transactional_id);
      if (!facts_.transactional_id.ok() &&
          !absl::IsPermissionDenied(facts_.transactional_id)) {
        return facts_.transactional_id;
      }
    }
    BINFERRY_ASSIGN_OR_RETURN(KafkaAdmin * admin, Admin());
    facts_.broker_configs =
        metadata_.brokers.empty()
            ? absl::StatusOr<KafkaAdmin::Configs>(
                  absl::UnknownError("the cluster tells of no broker"))
            : admin->DescribeBrokerConfigs(metadata_.brokers.front().id);
    BINFERRY_ASSIGN_OR_RETURN(const std::vector<KafkaTopic> all,
                              admin->ListTopics());
    for (const KafkaTopic& topic : all) facts_.all_topics.push_back(topic.name);
    return GatherTopics(admin);
  }

  absl::Status GatherTopics(KafkaAdmin* admin) {
    std::map<std::string, TopicFacts> found;
    std::vector<std::string> existing;
    for (const BrokerMetadata::Topic& topic : metadata_.topics) {
      TopicFacts& facts = found[topic.name];
      facts.name = topic.name;
      facts.exists = topic.error != broker_error::kUnknownTopic &&
                     topic.error != broker_error::kTopicAuthorization &&
                     topic.partition_count > 0;
      facts.hidden = topic.error == broker_error::kTopicAuthorization;
      facts.partition_count = topic.partition_count;
      facts.replication_factor = topic.replication_factor;
      facts.operations = facts.exists ? topic.operations : -1;
      if (facts.exists) existing.push_back(topic.name);
    }
    BINFERRY_ASSIGN_OR_RETURN(const auto configs,
                              admin->DescribeConfigsOfTopics(existing));
    for (const auto& [name, config] : configs) found[name].configs = config;
    std::vector<NewKafkaTopic> missing;
    for (const auto& [name, facts] : found) {
      if (facts.exists || facts.hidden) continue;
      const bool state = name == CheckpointTopicName(trial_.use.state_prefix) ||
                         name == SchemaTopicName(trial_.use.state_prefix);
      if (state) {
        missing.push_back(
            {.name = name,
             .partition_count = 1,
             .replication_factor = std::clamp(facts_.broker_count, 1, 3),
             .configs = {}});
      } else if (trial_.use.creation.has_value()) {
        missing.push_back(
            {.name = name,
             .partition_count = trial_.use.creation->partition_count,
             .replication_factor = trial_.use.creation->replication_factor,
             .configs = {}});
      }
    }
    if (!missing.empty()) {
      BINFERRY_ASSIGN_OR_RETURN(const auto answers,
                                admin->ValidateTopics(missing));
      for (const auto& [name, status] : answers) found[name].creation = status;
    }
    const std::vector<std::string> wanted = WantedTopics();
    for (size_t i = 0; i < wanted.size(); ++i) {
      (i < 2 ? facts_.state_topics : facts_.topics).push_back(found[wanted[i]]);
    }
    return absl::OkStatus();
  }

  const DestinationTrial& trial_;
  const Clock* const clock_;
  const Patience patience_;
  DestinationView view_;
  DestinationFacts facts_;
  Secret token_;
  std::vector<BrokerAddress> visited_;
  std::unique_ptr<BrokerSession> session_;  // The first that stands.
  std::unique_ptr<KafkaAdmin> admin_;
  BrokerMetadata metadata_;
};

}  // namespace

std::string AclPrincipal(const KafkaClusterOptions& cluster) {
  if (UsesSasl(cluster.security)) {
    switch (cluster.mechanism) {
      case SaslMechanism::kPlain:
      case SaslMechanism::kScramSha256:
      case SaslMechanism::kScramSha512:
        return absl::StrCat("User:", cluster.username);
      case SaslMechanism::kOauthBearer:
        return absl::StrCat("User:", cluster.oauth.client_id);
      case SaslMechanism::kGssapi:
        break;
    }
    // Kafka's rule by default: without host and realm.
    const absl::string_view principal = cluster.kerberos.principal;
    return absl::StrCat("User:",
                        principal.substr(0, principal.find_first_of("/@")));
  }
  return cluster.certificate_pem.empty()
             ? "User:ANONYMOUS"
             : "User:SUBJECT-OF-THE-CLIENT-CERTIFICATE";
}

DestinationView ViewDestination(const DestinationTrial& trial,
                                const Clock* clock) {
  return Viewer(trial, clock).Run();
}

}  // namespace binferry::worker
