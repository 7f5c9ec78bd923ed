#include "worker/mysql/tls_certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/remedy.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

// As in connection.cc: the CA of verifying modes without one of their own.
constexpr char kSystemCa[] = "/etc/ssl/certs/ca-certificates.crt";

struct BioCloser {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct CertificateCloser {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct KeyCloser {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, BioCloser>;
using Certificate = std::unique_ptr<X509, CertificateCloser>;
using Key = std::unique_ptr<EVP_PKEY, KeyCloser>;

Bio OpenText(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// A password that nobody gives: an encrypted key fails instead of asking at the
// terminal.
int NoPassword(char*, int, int, void*) { return 0; }

absl::Status Refuse(absl::string_view cause, absl::string_view remedy) {
  ERR_clear_error();
  return RemedyError(absl::StatusCode::kFailedPrecondition, cause, remedy);
}

absl::Status TrustAuthorities(SSL_CTX* context, const std::string& pem) {
  if (pem.empty()) {
    SSL_CTX_load_verify_locations(context, kSystemCa, nullptr);
    ERR_clear_error();
    return absl::OkStatus();
  }
  const Bio text = OpenText(pem);
  int count = 0;
  while (const Certificate authority{
      PEM_read_bio_X509(text.get(), nullptr, NoPassword, nullptr)}) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get());
    ++count;
  }
  ERR_clear_error();
  if (count > 0) return absl::OkStatus();
  return Refuse("source.ca_certificate holds no certificate",
                "give the authority's certificate as PEM, from -----BEGIN "
                "CERTIFICATE----- to -----END CERTIFICATE-----");
}

absl::Status UseOwnCertificate(SSL_CTX* context,
                               const ConnectionOptions& options) {
  if (options.certificate_pem.empty()) return absl::OkStatus();
  const Bio text = OpenText(options.certificate_pem);
  const Certificate own(
      PEM_read_bio_X509(text.get(), nullptr, NoPassword, nullptr));
  if (own == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1)
    return Refuse("source.client_certificate holds no certificate",
                  "give the client's certificate as PEM");
  const Bio key_text = OpenText(options.key_pem);
  const Key key(
      PEM_read_bio_PrivateKey(key_text.get(), nullptr, NoPassword, nullptr));
  if (key == nullptr)
    return Refuse("source.client_key holds no private key without a password",
                  "give the client's key as PEM, not encrypted");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    return Refuse(
        "source.client_key is not the key of "
        "source.client_certificate",
        "give the two that were made together");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SslSettings> MakeSslSettings(const ConnectionOptions& options) {
  SslSettings context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr)
    return absl::UnavailableError("no memory for a TLS connection");
  if (options.tls_mode == TlsMode::kVerifyCa ||
      options.tls_mode == TlsMode::kVerifyIdentity)
    BINFERRY_RETURN_IF_ERROR(TrustAuthorities(context.get(), options.ca_pem));
  BINFERRY_RETURN_IF_ERROR(UseOwnCertificate(context.get(), options));
  return context;
}

std::string CertificateName(const X509_NAME* name) {
  const Bio out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<size_t>(length));
}

absl::Time CertificateTime(const ASN1_TIME* time) {
  std::tm tm{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &tm) != 1)
    return absl::InfinitePast();
  return absl::FromCivil(
      absl::CivilSecond(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                        tm.tm_hour, tm.tm_min, tm.tm_sec),
      absl::UTCTimeZone());
}

absl::Status CertificateError(long result, const std::string& glance,
                              const ConnectionOptions& options) {
  const std::string found = absl::StrCat(" (", glance, ")");
  switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return Refuse(absl::StrCat("the server's certificate does not name ",
                                 options.host, found),
                    "give the server a certificate with this name in "
                    "subjectAltName, set source.host to a name that it has, or "
                    "source.tls_mode to verify-ca");
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Refuse(absl::StrCat("the server's certificate, or its "
                                 "authority's, has expired",
                                 found),
                    "give the server a new certificate and run ALTER INSTANCE "
                    "RELOAD TLS");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Refuse(
          absl::StrCat("the server's certificate is not valid yet", found),
          "check the clocks of the server and of the worker's machine");
  }
  return Refuse(
      absl::StrCat("the server's certificate does not come from the given "
                   "authority, says TLS: ",
                   X509_verify_cert_error_string(result), found),
      options.ca_pem.empty()
          ? "give the authority that signed it in source.ca_certificate"
          : "put the certificate of the authority that signed it into "
            "source.ca_certificate (on the server: @@ssl_ca)");
}

absl::Status TlsBrokeOff(const std::string& where, const std::string& said) {
  return RemedyError(
      absl::StatusCode::kUnavailable,
      absl::StrCat("the TLS handshake with ", where, " broke off"),
      "try again; if it stays so, look into the server's error log and at what "
      "stands between the worker and it",
      said);
}

absl::Status HandshakeError(const ConnectionOptions& options) {
  const unsigned long error = ERR_get_error();
  const int reason = ERR_GET_REASON(error);
  const char* const text = ERR_reason_error_string(error);
  ERR_clear_error();
  const std::string where = absl::StrCat(options.host, ":", options.port);
  const std::string said = text == nullptr ? "" : text;
  switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
      return RemedyError(
          absl::StatusCode::kFailedPrecondition,
          absl::StrCat(where, " offers no TLS of version 1.2 or later"),
          "allow TLSv1.2 or TLSv1.3 on the server (tls_version), which MySQL "
          "5.6.46, 5.7.28, 8.0 and later have, or set source.tls_mode to "
          "disabled",
          said);
  }
  if (error == 0 || absl::StrContains(said, "unexpected eof"))
    return TlsBrokeOff(where, said);
  return RemedyError(absl::StatusCode::kFailedPrecondition,
                     absl::StrCat("the TLS handshake with ", where, " failed"),
                     "check tls_version, the ciphers and the certificates of "
                     "the server; its error log may say more",
                     said);
}

}  // namespace binferry::worker
