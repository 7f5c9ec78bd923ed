#include "worker/sink/kafka_token_source.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "librdkafka/rdkafka.h"
#include "worker/sink/oauth_token.h"

namespace binferry::worker {

KafkaTokenSource::KafkaTokenSource(const KafkaClusterOptions& cluster,
                                   const Clock* clock)
    : client_(cluster.oauth), ca_pem_(cluster.ca_pem), clock_(clock) {}

absl::Status KafkaTokenSource::FetchAndSet(rd_kafka_t* handle) {
  OauthTokenRequest request;
  request.client = client_;
  request.ca_pem = ca_pem_;
  request.stop = stop_.get_token();
  BINFERRY_ASSIGN_OR_RETURN(const OauthToken token, FetchOauthToken(request));
  std::vector<const char*> extensions;
  for (const auto& [name, value] : client_.extensions) {
    extensions.push_back(name.c_str());
    extensions.push_back(value.c_str());
  }
  const int64_t end_millis = absl::ToUnixMillis(clock_->Now() + token.lifetime);
  char reason[512] = "";
  if (rd_kafka_oauthbearer_set_token(
          handle, token.value.Reveal().c_str(), end_millis,
          client_.client_id.c_str(), extensions.data(), extensions.size(),
          reason, sizeof(reason)) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return absl::OkStatus();
  }
  // The reason may quote the token.
  return absl::FailedPreconditionError(
      absl::StrCat("the token of ", client_.token_endpoint,
                   " or the SASL extensions of oauth_client hold characters "
                   "that OAUTHBEARER doesn't take"));
}

void KafkaTokenSource::Refresh(rd_kafka_t* handle) {
  const absl::Status status = FetchAndSet(handle);
  {
    absl::MutexLock lock(&mu_);
    status_ = status;
  }
  if (!status.ok()) {
    rd_kafka_oauthbearer_set_token_failure(
        handle, std::string(status.message()).c_str());
  }
}

absl::Status KafkaTokenSource::status() const {
  absl::MutexLock lock(&mu_);
  return status_;
}

}  // namespace binferry::worker
