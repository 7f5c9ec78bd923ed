// What answers at a server's address before anybody has logged in.
#ifndef BINFERRY_WORKER_MYSQL_SERVER_GLANCE_H_
#define BINFERRY_WORKER_MYSQL_SERVER_GLANCE_H_

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "worker/mysql/connection_options.h"

namespace binferry::worker {

struct HostAddress {
  std::string text;  // "192.0.2.7" or "2001:db8::7".
  sockaddr_storage address{};
  socklen_t length = 0;
};

// The addresses of options.host, in the order in which they are to be tried; at
// least one. UNAVAILABLE, with a remedy, if it has none or the resolver doesn't
// answer within `timeout`.
absl::StatusOr<std::vector<HostAddress>> ResolveHost(
    const ConnectionOptions& options, absl::Duration timeout);

// What a server says first.
struct ServerGreeting {
  std::string version;  // As Connection::server_version().
  bool offers_tls = false;
};

// What a TLS handshake showed. Times and names of the server's certificate.
struct TlsGlance {
  std::string protocol;  // "TLSv1.3"
  std::string cipher;
  std::string subject;  // "CN=db1.example.com,O=Example"
  std::string issuer;
  absl::Time not_before;
  absl::Time not_after;

  // All of it, for people.
  std::string ToString() const;
};

// One connection, which ends without a login: the server counts it among the
// host's connection errors until the next login succeeds (max_connect_errors,
// 100 by default), so it is no way to poll a server.
//
// The TLS here is the client library's: same library, same settings; but it
// tells what it saw also where it is not content. Thread-compatible.
class ServerGlance {
 public:
  // UNAVAILABLE, with a remedy, for an address that nobody answers at.
  static absl::StatusOr<std::unique_ptr<ServerGlance>> Connect(
      const HostAddress& address, const ConnectionOptions& options,
      absl::Duration timeout);

  ~ServerGlance();
  ServerGlance(const ServerGlance&) = delete;
  ServerGlance& operator=(const ServerGlance&) = delete;

  // Once, first. As ConnectError where the server refuses to greet; UNAVAILABLE
  // if it says nothing, or nothing that is MySQL's.
  absl::StatusOr<ServerGreeting> ReadGreeting(absl::Duration timeout);

  // Once, behind a greeting that offers TLS. FAILED_PRECONDITION, with cause
  // and remedy, for what the task's settings don't accept: protocols below TLS
  // 1.2, a certificate of another authority, expired, or of another host;
  // certificates of ours that are none. UNAVAILABLE if the server breaks off.
  absl::StatusOr<TlsGlance> StartTls(absl::Duration timeout);

 private:
  ServerGlance(int socket, const ConnectionOptions& options);

  // Waits until the socket can be read or written, as `events` of poll() say.
  absl::Status Wait(short events, absl::Time deadline) const;
  absl::StatusOr<std::string> ReadPacket(absl::Time deadline);

  const int socket_;
  const ConnectionOptions options_;
  const std::string where_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_SERVER_GLANCE_H_
