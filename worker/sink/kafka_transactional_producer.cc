#include "worker/sink/kafka_transactional_producer.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "librdkafka/rdkafka.h"
#include "worker/sink/kafka_error.h"

namespace binferry::worker {
namespace {

// A handle that has met the end of an earlier producer's Kafka transaction
// sleeps for half a second or longer; short calls and a new handle find the
// moment at which it is over.
constexpr int kInitMillis = 30;
constexpr absl::Duration kFirstPause = absl::Milliseconds(10);
constexpr absl::Duration kMaxPause = absl::Milliseconds(500);

struct ErrorDeleter {
  void operator()(rd_kafka_error_t* error) const {
    rd_kafka_error_destroy(error);
  }
};
using Error = std::unique_ptr<rd_kafka_error_t, ErrorDeleter>;

enum class Outcome { kStarted, kTryNewHandle };

absl::StatusOr<Outcome> Initialize(KafkaClient* client, MonotonicTime deadline,
                                   const LeaseCheck& check_lease) {
  while (true) {
    BINFERRY_RETURN_IF_ERROR(check_lease());
    BINFERRY_RETURN_IF_ERROR(client->CheckReachable());
    const Error error(
        rd_kafka_init_transactions(client->handle(), kInitMillis));
    if (error == nullptr) return Outcome::kStarted;
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
    const std::string doing = absl::StrCat(
        "starting a transactional producer in Kafka at ", client->servers());
    if (code != RD_KAFKA_RESP_ERR__TIMED_OUT &&
        code != RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS &&
        rd_kafka_error_is_retriable(error.get()) == 0) {
      // A refused password fails this call too; the refusal says more.
      BINFERRY_RETURN_IF_ERROR(client->CheckReachable());
      return KafkaError(code, doing, rd_kafka_error_string(error.get()));
    }
    if (client->clock().MonotonicNow() >= deadline) {
      return absl::UnavailableError(
          absl::StrCat(doing, ": the transaction coordinator is not ready: ",
                       rd_kafka_error_string(error.get()), client->Cause()));
    }
    // On a time-out the handle goes on by itself; it needs only more time.
    if (code == RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS) {
      return Outcome::kTryNewHandle;
    }
    if (code != RD_KAFKA_RESP_ERR__TIMED_OUT) client->Poll(kFirstPause);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaClient>> StartTransactionalProducer(
    const KafkaClient::Options& options, absl::Duration timeout,
    const LeaseCheck& check_lease, const Clock* clock) {
  const MonotonicTime deadline = clock->MonotonicNow() + timeout;
  absl::Duration pause = kFirstPause;
  while (true) {
    BINFERRY_ASSIGN_OR_RETURN(std::unique_ptr<KafkaClient> client,
                              KafkaClient::Create(options, clock));
    BINFERRY_ASSIGN_OR_RETURN(const Outcome outcome,
                              Initialize(client.get(), deadline, check_lease));
    switch (outcome) {
      case Outcome::kStarted:
        return client;
      case Outcome::kTryNewHandle:
        client->Poll(pause);
        pause = std::min(pause * 2, kMaxPause);
    }
  }
}

}  // namespace binferry::worker
