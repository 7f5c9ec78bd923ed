#include "controller/coordination/caller_check.h"

#include <memory>
#include <utility>

#include "absl/strings/strip.h"

namespace binferry::controller {
namespace {

constexpr char kAuthorization[] = "authorization";
constexpr absl::string_view kBearer = "Bearer ";

}  // namespace

CallerCheck::CallerCheck(Mode mode, Secret join_token)
    : mode_(mode), join_token_(std::move(join_token)) {}

bool CallerCheck::HasToken(absl::string_view header) const {
  return !join_token_.empty() && absl::ConsumePrefix(&header, kBearer) &&
         join_token_.EqualsInConstantTime(header);
}

absl::Status CallerCheck::Check(
    const grpc::CallbackServerContext& context) const {
  switch (mode_) {
    case Mode::kOff:
      return absl::OkStatus();
    case Mode::kRequired:
      break;
  }
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  if (peer != nullptr && peer->IsPeerAuthenticated()) return absl::OkStatus();
  const auto& metadata = context.client_metadata();
  const auto header = metadata.find(kAuthorization);
  if (header != metadata.end() &&
      HasToken({header->second.data(), header->second.size()})) {
    return absl::OkStatus();
  }
  return absl::UnauthenticatedError(
      "workers must present a client certificate of this installation or its "
      "join token: see --tls-cert and --join-token-file of binferry-worker");
}

}  // namespace binferry::controller
