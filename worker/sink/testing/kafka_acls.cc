#include "worker/sink/testing/kafka_acls.h"

#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/sink/broker_socket.h"
#include "worker/sink/wire.h"

namespace binferry::worker {
namespace {

constexpr int16_t kCreateAcls = 30;
constexpr int kAllow = 3;
constexpr int kLiteral = 3;
constexpr int kPrefixed = 4;

int TypeOf(AclResource resource) {
  switch (resource) {
    case AclResource::kTopic:
      return 2;
    case AclResource::kCluster:
      return 4;
    case AclResource::kTransactionalId:
      return 5;
  }
  return 0;
}

}  // namespace

// Directly, because librdkafka knows no ACLs of transactional ids.
absl::Status CreateAcls(const std::string& servers,
                        const std::vector<Acl>& acls, const Clock* clock) {
  BrokerAddress broker;
  const size_t colon = servers.rfind(':');
  broker.host = servers.substr(0, colon);
  int port = 0;
  if (!absl::SimpleAtoi(servers.substr(colon + 1), &port)) {
    return absl::InvalidArgumentError("no port");
  }
  broker.port = static_cast<uint16_t>(port);
  BINFERRY_ASSIGN_OR_RETURN(const std::vector<DialAddress> addresses,
                            ResolveBroker(broker));
  Patience patience;
  patience.clock = clock;
  patience.deadline = clock->MonotonicNow() + absl::Seconds(20);
  BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<BrokerSocket> socket,
                            BrokerSocket::Connect(broker, addresses, patience));
  WireWriter request;
  request.Int(kCreateAcls, 2);
  request.Int(1, 2);  // Version.
  request.Int(1, 4);  // Correlation.
  request.String("test");
  request.Int(static_cast<int64_t>(acls.size()), 4);
  for (const Acl& acl : acls) {
    request.Int(TypeOf(acl.resource), 1);
    request.String(acl.name);
    request.Int(acl.resource == AclResource::kCluster ? kLiteral : kPrefixed,
                1);
    request.String(acl.principal);
    request.String("*");
    request.Int(acl.operation, 1);
    request.Int(kAllow, 1);
  }
  WireWriter framed;
  framed.Bytes(std::move(request).Take());
  BINFERRY_RETURN_IF_ERROR(socket->Send(std::move(framed).Take()));
  BINFERRY_ASSIGN_OR_RETURN(const std::string size, socket->Receive(4));
  BINFERRY_ASSIGN_OR_RETURN(
      const std::string answer,
      socket->Receive(static_cast<size_t>(WireReader(size).Int32())));
  WireReader reader(answer);
  reader.Int(8);  // Correlation and throttling.
  const int64_t count = reader.Count(4);
  for (int64_t i = 0; i < count; ++i) {
    const int16_t error = reader.Int16();
    const std::string message = reader.String();
    if (error != 0) {
      return absl::InternalError(
          absl::StrCat("CreateAcls: ", error, " ", message));
    }
  }
  return count == static_cast<int64_t>(acls.size())
             ? absl::OkStatus()
             : absl::InternalError("CreateAcls: no answer for each");
}

}  // namespace binferry::worker
