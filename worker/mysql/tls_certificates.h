// The certificates of a connection's options, as OpenSSL takes them.
#ifndef BINFERRY_WORKER_MYSQL_TLS_CERTIFICATES_H_
#define BINFERRY_WORKER_MYSQL_TLS_CERTIFICATES_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "worker/mysql/connection_options.h"

namespace binferry::worker {

struct SslSettingsCloser {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslSettings = std::unique_ptr<SSL_CTX, SslSettingsCloser>;

// A client's settings: the authorities that `options` trusts, its own
// certificate and key. Verifies nothing by itself. FAILED_PRECONDITION, with a
// remedy that names the field, for PEM texts that hold no certificate or key,
// and for a key of another certificate.
absl::StatusOr<SslSettings> MakeSslSettings(const ConnectionOptions& options);

// "CN=db1.example.com,O=Example", as RFC 2253 writes names.
std::string CertificateName(const X509_NAME* name);

absl::Time CertificateTime(const ASN1_TIME* time);

// What X509_verify_cert found of the server's certificate, `result` not
// X509_V_OK: FAILED_PRECONDITION with cause and remedy.
absl::Status CertificateError(long result, const std::string& glance,
                              const ConnectionOptions& options);

// UNAVAILABLE, with a remedy: the server at `where` hung up.
absl::Status TlsBrokeOff(const std::string& where, const std::string& said);

// Why a handshake failed, from OpenSSL's error queue, which is emptied.
absl::Status HandshakeError(const ConnectionOptions& options);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_TLS_CERTIFICATES_H_
