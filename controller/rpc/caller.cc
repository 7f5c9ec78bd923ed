#include "controller/rpc/caller.h"

#include <grpc/grpc_security_constants.h>

#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/clean_text.h"

namespace binferry::controller {
namespace {

constexpr size_t kMaxCallerBytes = 200;

}  // namespace

std::string AddressOfPeer(const std::string& peer) {
  std::string address = absl::StrReplaceAll(peer, {{"%5B", "["}, {"%5D", "]"}});
  absl::string_view rest = address;
  for (const absl::string_view scheme : {"ipv4:", "ipv6:"}) {
    if (!absl::ConsumePrefix(&rest, scheme)) continue;
    rest = rest.substr(0, rest.rfind(':'));
    absl::ConsumePrefix(&rest, "[");
    absl::ConsumeSuffix(&rest, "]");
    break;
  }
  if (absl::StartsWith(rest, "unix:")) return "this machine";
  return rest.empty() ? "unknown" : std::string(rest);
}

std::string CallerOf(const grpc::CallbackServerContext& context) {
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  if (peer != nullptr && peer->IsPeerAuthenticated()) {
    const std::vector<grpc::string_ref> names =
        peer->FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
    if (!names.empty() && !names[0].empty()) {
      return CleanText(absl::string_view(names[0].data(), names[0].size())
                           .substr(0, kMaxCallerBytes));
    }
  }
  return AddressOfPeer(context.peer());
}

}  // namespace binferry::controller
