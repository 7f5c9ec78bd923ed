// gRPC credentials from PEM files.
#ifndef BINFERRY_COMMON_TLS_H_
#define BINFERRY_COMMON_TLS_H_

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace binferry {

// PEM files, each at most 1 MiB; empty = not given.
struct TlsFiles {
  // Our certificate with its chain, and its key: both or none.
  std::string certificate;
  std::string key;
  // Authorities that sign what the peer presents.
  std::string authorities;
};

// What a server asks of its callers.
enum class ClientCertificate {
  kNotAsked,
  // A caller may come without one; one that is presented must be signed by
  // `authorities`.
  kVerifiedIfGiven,
  kRequired,
};

// FAILED_PRECONDITION if certificate or key is missing, or `authorities` is
// where client certificates are asked for; errors of ReadFile.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> LoadServerCredentials(
    const TlsFiles& files, ClientCertificate client_certificate);

// Verifies the server against `authorities`, or the system's when empty, and
// presents the certificate if there is one. FAILED_PRECONDITION if only one of
// certificate and key is given; errors of ReadFile.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>>
LoadChannelCredentials(const TlsFiles& files);

}  // namespace binferry

#endif  // BINFERRY_COMMON_TLS_H_
