// Access tokens by the client credentials grant of OAuth 2.
#ifndef BINFERRY_WORKER_SINK_OAUTH_TOKEN_H_
#define BINFERRY_WORKER_SINK_OAUTH_TOKEN_H_

#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/secret.h"
#include "worker/sink/kafka_cluster.h"

namespace binferry::worker {

struct OauthToken {
  Secret value;
  absl::Duration lifetime;  // From now on.
};

struct OauthTokenRequest {
  OauthClientOptions client;
  // PEM authorities that the endpoint's certificate may come from beside the
  // system's. Empty: only those.
  std::string ca_pem;
  absl::Duration timeout = absl::Seconds(10);
  std::stop_token stop;
};

// Asks the token endpoint (RFC 6749, 4.4: POST, the client's id and secret in
// the Authorization header). No redirection is followed: it would carry the
// secret elsewhere.
//
// UNAVAILABLE          not reached, no answer in time, or a 5xx answer,
// UNAUTHENTICATED      the endpoint refuses the client; its own words follow,
// FAILED_PRECONDITION  the endpoint's certificate isn't trusted, or what
//                      answers is no token endpoint,
// CANCELLED            soon after `stop` was requested.
absl::StatusOr<OauthToken> FetchOauthToken(const OauthTokenRequest& request);

// The token of an endpoint's answer; errors as FetchOauthToken. `where` is for
// messages. An answer without a lifetime is good for five minutes.
absl::StatusOr<OauthToken> ReadOauthAnswer(absl::string_view where,
                                           int64_t http_status,
                                           absl::string_view body);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_OAUTH_TOKEN_H_
