// Who may call the private services.
#ifndef BINFERRY_CONTROLLER_COORDINATION_CALLER_CHECK_H_
#define BINFERRY_CONTROLLER_COORDINATION_CALLER_CHECK_H_

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/secret.h"

namespace binferry::controller {

// A worker shows a client certificate that the listener's authorities signed,
// or the installation's join token (metadata `authorization: Bearer TOKEN`).
//
// Immutable.
class CallerCheck {
 public:
  enum class Mode {
    kRequired,
    kOff,  // --insecure-dev
  };

  // An empty `join_token` lets nobody in by token.
  CallerCheck(Mode mode, Secret join_token);

  // OK or UNAUTHENTICATED saying what to present.
  absl::Status Check(const grpc::CallbackServerContext& context) const;

  // Whether `header`, the value of `authorization`, has the token. Takes the
  // same time for every wrong token of the right length.
  bool HasToken(absl::string_view header) const;

 private:
  const Mode mode_;
  const Secret join_token_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_COORDINATION_CALLER_CHECK_H_
