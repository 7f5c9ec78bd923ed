#include "worker/sink/kafka_client.h"

#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/remedy.h"
#include "common/status_macros.h"
#include "librdkafka/rdkafka.h"

namespace binferry::worker {
namespace {

// How long an attempt waits at first, so that it notices an interrupt soon.
constexpr absl::Duration kFirstWait = absl::Milliseconds(100);
constexpr absl::Duration kMaxWait = absl::Seconds(2);
// A name can have several addresses; the library calls all brokers down after
// the first of them.
constexpr absl::Duration kDownPatience = absl::Seconds(2);

// How the library reports a fetch of a token that failed (librdkafka's
// rdkafka_sasl_oauthbearer.c).
constexpr absl::string_view kNoToken = "Failed to acquire SASL OAUTHBEARER";

struct ConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, ConfDeleter>;

absl::Status Set(rd_kafka_conf_t* conf, const std::string& name,
                 const std::string& value) {
  char reason[512] = "";
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason,
                        sizeof(reason)) == RD_KAFKA_CONF_OK) {
    return absl::OkStatus();
  }
  // The reason may quote the value; that of a secret must not be shown.
  const bool secret = name == "sasl.password" || name == "ssl.key.password" ||
                      name == "ssl.key.pem";
  return absl::InvalidArgumentError(
      absl::StrCat("the Kafka client refuses the setting ", name,
                   secret ? "" : absl::StrCat(": ", reason)));
}

}  // namespace

KafkaClient::KafkaClient(const Options& options, const Clock* clock)
    : clock_(clock),
      servers_(options.cluster.bootstrap_servers),
      kind_(options.kind),
      interrupt_(options.interrupt) {}

absl::StatusOr<std::unique_ptr<KafkaClient>> KafkaClient::Create(
    const Options& options, const Clock* clock) {
  if (absl::Status check = CheckKafkaCluster(options.cluster); !check.ok()) {
    return check;
  }
  auto client = std::unique_ptr<KafkaClient>(new KafkaClient(options, clock));
  Conf conf(rd_kafka_conf_new());
  Settings settings = KafkaClusterSettings(options.cluster);
  // For both kinds: small requests must not wait for others, and a broker that
  // comes back is found soon.
  settings.insert(settings.end(), {{"socket.nagle.disable", "true"},
                                   {"socket.keepalive.enable", "true"},
                                   {"reconnect.backoff.ms", "50"},
                                   {"reconnect.backoff.max.ms", "2000"}});
  settings.insert(settings.end(), options.settings.begin(),
                  options.settings.end());
  for (const auto& [name, value] : settings) {
    if (absl::Status set = Set(conf.get(), name, value); !set.ok()) return set;
  }
  client->RegisterCallbacks(conf.get());
  BINFERRY_RETURN_IF_ERROR(client->PrepareSasl(options.cluster, conf.get()));
  char reason[512] = "";
  client->handle_ = rd_kafka_new(
      options.kind == Kind::kProducer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER,
      conf.get(), reason, sizeof(reason));
  if (client->handle_ == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the Kafka client can't be started with these settings: ", reason));
  }
  conf.release();  // The handle owns it now.
  if (client->tokens_ != nullptr) {
    // Tokens come while the caller waits for something else.
    rd_kafka_error_destroy(
        rd_kafka_sasl_background_callbacks_enable(client->handle_));
  }
  return client;
}

absl::Status KafkaClient::PrepareSasl(const KafkaClusterOptions& cluster,
                                      rd_kafka_conf_t* conf) {
  if (!UsesSasl(cluster.security)) return absl::OkStatus();
  switch (cluster.mechanism) {
    case SaslMechanism::kPlain:
    case SaslMechanism::kScramSha256:
    case SaslMechanism::kScramSha512:
      return absl::OkStatus();
    case SaslMechanism::kOauthBearer:
      tokens_ = std::make_unique<KafkaTokenSource>(cluster, clock_);
      rd_kafka_conf_enable_sasl_queue(conf, 1);
      rd_kafka_conf_set_oauthbearer_token_refresh_cb(
          conf, [](rd_kafka_t* handle, const char*, void* opaque) {
            static_cast<KafkaClient*>(opaque)->tokens_->Refresh(handle);
          });
      return absl::OkStatus();
    case SaslMechanism::kGssapi:
      break;
  }
  char features[512] = "";
  size_t size = sizeof(features);
  rd_kafka_conf_get(conf, "builtin.features", features, &size);
  BINFERRY_RETURN_IF_ERROR(CheckGssapi(features));
  BINFERRY_ASSIGN_OR_RETURN(keytab_, Keytab::Create(cluster.kerberos));
  return Set(conf, "sasl.kerberos.keytab", keytab_->path());
}

void KafkaClient::RegisterCallbacks(rd_kafka_conf_t* conf) {
  rd_kafka_conf_set_opaque(conf, this);
  // What it would log comes as errors too.
  rd_kafka_conf_set_log_cb(
      conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  rd_kafka_conf_set_error_cb(
      conf, [](rd_kafka_t*, int error, const char* reason, void* opaque) {
        static_cast<KafkaClient*>(opaque)->OnError(error, reason);
      });
  if (kind_ == Kind::kConsumer) return;
  rd_kafka_conf_set_dr_msg_cb(
      conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
        static_cast<KafkaClient*>(opaque)->OnFailedDelivery(
            {.error = message->err,
             .topic = rd_kafka_topic_name(message->rkt),
             .partition = message->partition,
             .record_id = reinterpret_cast<uintptr_t>(message->_private),
             .bytes = message->len + message->key_len});
      });
}

KafkaClient::~KafkaClient() {
  if (handle_ == nullptr) return;
  if (tokens_ != nullptr) tokens_->Stop();
  if (kind_ == Kind::kProducer) {
    rd_kafka_purge(handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                RD_KAFKA_PURGE_F_NON_BLOCKING);
  }
  rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void KafkaClient::OnError(int error, absl::string_view reason) {
  absl::MutexLock lock(&mu_);
  switch (error) {
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      if (!all_down_since_.has_value()) {
        all_down_since_ = clock_->MonotonicNow();
      }
      ++disturbance_count_;
      return;  // Says nothing about why.
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      // The token source knows why, and whether it is a refusal.
      if (absl::StartsWith(reason, kNoToken)) return;
      if (refusal_.empty()) refusal_ = std::string(reason);
      break;
    default:
      break;
  }
  ++disturbance_count_;
  cause_ = std::string(reason);
}

void KafkaClient::OnFailedDelivery(FailedDelivery failure) {
  absl::MutexLock lock(&mu_);
  if (!failed_delivery_.has_value()) failed_delivery_ = std::move(failure);
}

void KafkaClient::Poll(absl::Duration wait) {
  rd_kafka_poll(handle_, static_cast<int>(absl::ToInt64Milliseconds(wait)));
}

absl::Status KafkaClient::CheckInterrupt() const {
  return interrupt_.stop_requested()
             ? absl::CancelledError("the task is being stopped")
             : absl::OkStatus();
}

void KafkaClient::BeginCall() {
  Poll(absl::ZeroDuration());
  absl::MutexLock lock(&mu_);
  // The library tells an outage once, at its beginning, and never its end.
  if (all_down_since_.has_value()) all_down_since_ = clock_->MonotonicNow();
}

absl::Status KafkaClient::CheckReachable() {
  if (absl::Status interrupt = CheckInterrupt(); !interrupt.ok()) {
    return interrupt;
  }
  Poll(absl::ZeroDuration());
  // What is unavailable is asked again ten seconds later.
  if (tokens_ != nullptr) BINFERRY_RETURN_IF_ERROR(tokens_->status());
  const MonotonicTime now = clock_->MonotonicNow();
  absl::MutexLock lock(&mu_);
  if (!refusal_.empty()) {
    return RemedyError(
        absl::StatusCode::kUnauthenticated,
        absl::StrCat("Kafka at ", servers_, " refuses the credentials"),
        "check destination.username, destination.password and "
        "destination.sasl_mechanism",
        refusal_);
  }
  if (all_down_since_.has_value() && now - *all_down_since_ > kDownPatience) {
    return RemedyError(
        absl::StatusCode::kUnavailable,
        absl::StrCat("no Kafka broker of ", servers_, " can be reached"),
        "check destination.bootstrap_servers, destination.security_protocol "
        "and the network between worker and broker",
        cause_);
  }
  return absl::OkStatus();
}

absl::Status KafkaClient::Retry(
    absl::Duration timeout,
    absl::FunctionRef<absl::Status(absl::Duration)> attempt) {
  const MonotonicTime deadline = clock_->MonotonicNow() + timeout;
  BeginCall();
  absl::Duration wait = kFirstWait;
  while (true) {
    if (absl::Status reachable = CheckReachable(); !reachable.ok()) {
      return reachable;
    }
    const absl::Duration left = deadline - clock_->MonotonicNow();
    const MonotonicTime started = clock_->MonotonicNow();
    absl::Status status =
        attempt(std::max(absl::Milliseconds(1), std::min(wait, left)));
    switch (status.code()) {
      case absl::StatusCode::kDeadlineExceeded:
        wait = std::min(wait * 2, kMaxWait);
        break;
      case absl::StatusCode::kUnavailable: {
        // Some fail at once.
        const absl::Duration rest =
            std::min(kFirstWait - (clock_->MonotonicNow() - started), left);
        if (rest > absl::ZeroDuration()) Poll(rest);
        break;
      }
      default: {
        // A broker has answered.
        absl::MutexLock lock(&mu_);
        all_down_since_.reset();
        return status;
      }
    }
    if (clock_->MonotonicNow() >= deadline) {
      if (absl::Status reachable = CheckReachable(); !reachable.ok()) {
        return reachable;
      }
      return absl::UnavailableError(absl::StrCat(status.message(), " within ",
                                                 absl::FormatDuration(timeout),
                                                 Cause()));
    }
  }
}

std::string KafkaClient::Cause() const {
  absl::MutexLock lock(&mu_);
  return cause_.empty() ? "" : absl::StrCat(" (", cause_, ")");
}

int64_t KafkaClient::disturbance_count() const {
  absl::MutexLock lock(&mu_);
  return disturbance_count_;
}

std::optional<KafkaClient::FailedDelivery> KafkaClient::failed_delivery()
    const {
  absl::MutexLock lock(&mu_);
  return failed_delivery_;
}

}  // namespace binferry::worker
