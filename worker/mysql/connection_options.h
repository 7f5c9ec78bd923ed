// How to reach and enter a MySQL server.
#ifndef BINFERRY_WORKER_MYSQL_CONNECTION_OPTIONS_H_
#define BINFERRY_WORKER_MYSQL_CONNECTION_OPTIONS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace binferry::worker {

enum class TlsMode {
  kDisabled,
  kRequired,        // Encrypted, to whoever answers.
  kVerifyCa,        // And the server's certificate is signed by the CA.
  kVerifyIdentity,  // And it names the host that was dialled.
};

struct ConnectionOptions {
  std::string host;
  uint16_t port = 3306;
  std::string user;
  std::string password;  // Never in a message or a log.
  TlsMode tls_mode = TlsMode::kDisabled;
  // PEM texts, not paths. An empty CA means the system's.
  std::string ca_pem;
  // The client's own certificate and key, both or none.
  std::string certificate_pem;
  std::string key_pem;
  // Whole seconds from 1; fractions are rounded up. Resolving the host's name
  // comes on top (the resolver has its own limit).
  absl::Duration connect_timeout = absl::Seconds(5);
  // How long a single read may wait for the server's answer.
  absl::Duration read_timeout = absl::Seconds(30);
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_CONNECTION_OPTIONS_H_
