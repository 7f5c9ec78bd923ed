#include "common/tls.h"

#include <cstddef>
#include <utility>

#include "common/read_file.h"
#include "common/status_macros.h"

namespace binferry {
namespace {

constexpr size_t kMaxPemBytes = 1024 * 1024;

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  if (path.empty()) return std::string();
  BINFERRY_ASSIGN_OR_RETURN(std::string pem, ReadFile(path, kMaxPemBytes));
  if (pem.find("-----BEGIN ") == std::string::npos) {
    return absl::FailedPreconditionError("the file " + path + " is not PEM");
  }
  return pem;
}

grpc_ssl_client_certificate_request_type ToGrpc(ClientCertificate value) {
  switch (value) {
    case ClientCertificate::kNotAsked:
      return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
    case ClientCertificate::kVerifiedIfGiven:
      return GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
    case ClientCertificate::kRequired:
      return GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  return GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> LoadServerCredentials(
    const TlsFiles& files, ClientCertificate client_certificate) {
  if (files.certificate.empty() || files.key.empty()) {
    return absl::FailedPreconditionError(
        "a TLS server needs both a certificate and its key");
  }
  if (client_certificate != ClientCertificate::kNotAsked &&
      files.authorities.empty()) {
    return absl::FailedPreconditionError(
        "verifying client certificates needs the authorities that sign them");
  }
  grpc::SslServerCredentialsOptions options(ToGrpc(client_certificate));
  grpc::SslServerCredentialsOptions::PemKeyCertPair pair;
  BINFERRY_ASSIGN_OR_RETURN(pair.cert_chain, ReadPem(files.certificate));
  BINFERRY_ASSIGN_OR_RETURN(pair.private_key, ReadPem(files.key));
  BINFERRY_ASSIGN_OR_RETURN(options.pem_root_certs, ReadPem(files.authorities));
  options.pem_key_cert_pairs.push_back(std::move(pair));
  return grpc::SslServerCredentials(options);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>>
LoadChannelCredentials(const TlsFiles& files) {
  if (files.certificate.empty() != files.key.empty()) {
    return absl::FailedPreconditionError(
        "a TLS client certificate and its key come together: give both or "
        "none");
  }
  grpc::SslCredentialsOptions options;
  BINFERRY_ASSIGN_OR_RETURN(options.pem_cert_chain, ReadPem(files.certificate));
  BINFERRY_ASSIGN_OR_RETURN(options.pem_private_key, ReadPem(files.key));
  BINFERRY_ASSIGN_OR_RETURN(options.pem_root_certs, ReadPem(files.authorities));
  return grpc::SslCredentials(options);
}

}  // namespace binferry
