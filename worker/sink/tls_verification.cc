#include "worker/sink/tls_verification.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/clean_text.h"
#include "common/remedy.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

template <typename T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* object) const { Free(object); }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO, BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Deleter<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY, EVP_PKEY_free>>;
using Names =
    std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES, GENERAL_NAMES_free>>;

constexpr size_t kMaxNames = 10;

Bio BioOf(absl::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// One certificate of `bio`; null behind the last.
Certificate NextCertificate(BIO* bio) {
  return Certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
}

absl::Status Unreadable(absl::string_view what, absl::string_view remedy) {
  ERR_clear_error();
  return RemedyError(absl::StatusCode::kInvalidArgument, what, remedy);
}

absl::Status AddAuthorities(const std::string& pem, SSL_CTX* context) {
  if (pem.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return absl::OkStatus();
  }
  const Bio bio = BioOf(pem);
  int count = 0;
  while (const Certificate certificate = NextCertificate(bio.get())) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get());
    ++count;
  }
  if (count == 0) {
    return Unreadable("the authorities of the destination hold no certificate",
                      "give PEM with -----BEGIN CERTIFICATE----- as "
                      "ca_certificate, or a trust_store");
  }
  ERR_clear_error();  // The end of the text is an error to OpenSSL.
  return absl::OkStatus();
}

int CopyPassword(char* buffer, int size, int, void* secret) {
  const std::string& text = static_cast<const Secret*>(secret)->Reveal();
  if (text.size() > static_cast<size_t>(size)) return -1;
  std::copy(text.begin(), text.end(), buffer);
  return static_cast<int>(text.size());
}

absl::Status AddClient(const KafkaClusterOptions& cluster, SSL_CTX* context) {
  if (cluster.certificate_pem.empty()) return absl::OkStatus();
  const Bio bio = BioOf(cluster.certificate_pem);
  const Certificate own = NextCertificate(bio.get());
  if (own == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1) {
    return Unreadable("the client certificate of the destination can't be read",
                      "give PEM with -----BEGIN CERTIFICATE-----");
  }
  while (Certificate issuer = NextCertificate(bio.get())) {
    SSL_CTX_add0_chain_cert(context, issuer.release());
  }
  ERR_clear_error();
  const Bio key_bio = BioOf(cluster.key_pem.Reveal());
  Secret password = cluster.key_password;
  const Key key(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, CopyPassword, &password));
  if (key == nullptr) {
    return Unreadable(
        "the client key of the destination can't be read",
        "give PEM with -----BEGIN PRIVATE KEY-----, and its password if it is "
        "encrypted");
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return Unreadable("the client key isn't the client certificate's",
                      "give the key that the certificate was made for");
  }
  return absl::OkStatus();
}

std::string NameText(const X509_NAME* name) {
  const Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return CleanText(absl::string_view(text, static_cast<size_t>(size)));
}

std::string TimeText(const ASN1_TIME* time) {
  tm broken{};
  if (ASN1_TIME_to_tm(time, &broken) != 1) return "an unknown time";
  return absl::FormatTime("%Y-%m-%d", absl::FromTM(broken, absl::UTCTimeZone()),
                          absl::UTCTimeZone());
}

// The hosts that a certificate is for.
std::string HostsOf(const X509* certificate) {
  std::vector<std::string> hosts;
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (hosts.size() == kMaxNames) break;
    if (name->type == GEN_DNS) {
      hosts.emplace_back(
          reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
          static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      const ASN1_OCTET_STRING* bytes = name->d.iPAddress;
      const unsigned char* at = ASN1_STRING_get0_data(bytes);
      if (ASN1_STRING_length(bytes) == 4) {
        hosts.push_back(
            absl::StrCat(at[0], ".", at[1], ".", at[2], ".", at[3]));
      } else {
        hosts.push_back("an IPv6 address");
      }
    }
  }
  if (hosts.empty()) return NameText(X509_get_subject_name(certificate));
  return CleanText(absl::StrJoin(hosts, ", "));
}

void FreePeer(void*, void* certificate, CRYPTO_EX_DATA*, int, long, void*) {
  X509_free(static_cast<X509*>(certificate));
}

// Where a connection keeps the certificate that it was shown: OpenSSL forgets
// one that it refused.
int PeerIndex() {
  static const int index =
      SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, FreePeer);
  return index;
}

int KeepPeer(int accepted, X509_STORE_CTX* store) {
  auto* ssl = static_cast<SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  if (SSL_get_ex_data(ssl, PeerIndex()) == nullptr && certificate != nullptr) {
    X509_up_ref(certificate);
    SSL_set_ex_data(ssl, PeerIndex(), certificate);
  }
  return accepted;
}

const X509* PeerOf(const SSL* ssl) {
  return static_cast<const X509*>(SSL_get_ex_data(ssl, PeerIndex()));
}

}  // namespace

absl::StatusOr<TlsSettings> MakeTlsSettings(
    const KafkaClusterOptions& cluster) {
  TlsSettings context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) {
    return absl::InternalError("OpenSSL can't be started");
  }
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, KeepPeer);
  BINFERRY_RETURN_IF_ERROR(AddAuthorities(cluster.ca_pem, context.get()));
  BINFERRY_RETURN_IF_ERROR(AddClient(cluster, context.get()));
  return context;
}

std::string DescribeTls(const SSL* ssl) {
  const X509* const certificate = PeerOf(ssl);
  if (certificate == nullptr) return SSL_get_version(ssl);
  return absl::StrCat(
      SSL_get_version(ssl), ", ", NameText(X509_get_subject_name(certificate)),
      ", issued by ", NameText(X509_get_issuer_name(certificate)),
      ", valid until ", TimeText(X509_get0_notAfter(certificate)));
}

absl::Status CertificateFailure(const SSL* ssl, absl::string_view host) {
  const long result = SSL_get_verify_result(ssl);
  if (result == X509_V_OK) return absl::OkStatus();
  const X509* const certificate = PeerOf(ssl);
  const std::string subject =
      certificate == nullptr ? "the broker"
                             : NameText(X509_get_subject_name(certificate));
  const std::string detail =
      X509_verify_cert_error_string(static_cast<long>(result));
  constexpr auto kCode = absl::StatusCode::kFailedPrecondition;
  switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return RemedyError(
          kCode,
          absl::StrCat(
              "the broker's certificate is not for ", host, " but for ",
              certificate == nullptr ? "another host" : HostsOf(certificate)),
          "name the broker as its certificate does, in bootstrap_servers and "
          "in the broker's advertised.listeners; or give the broker a "
          "certificate with this name; or, if the network is trusted, set "
          "skip_endpoint_identification");
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return RemedyError(
          kCode,
          absl::StrCat("the certificate of ", subject, " expired on ",
                       certificate == nullptr
                           ? "an unknown day"
                           : TimeText(X509_get0_notAfter(certificate))),
          "renew the broker's certificate, and check the worker's clock");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return RemedyError(
          kCode,
          absl::StrCat("the certificate of ", subject, " is not valid yet"),
          "check the clocks of broker and worker");
    default:
      break;
  }
  return RemedyError(
      kCode,
      absl::StrCat("the certificate of ", subject, ", issued by ",
                   certificate == nullptr
                       ? "an unknown authority"
                       : NameText(X509_get_issuer_name(certificate)),
                   ", comes from no authority that the task trusts"),
      "give the authority's certificate as the destination's ca_certificate "
      "(PEM) or trust_store (JKS or PKCS12)",
      detail);
}

TlsError TakeTlsError() {
  const unsigned long code = ERR_peek_last_error();
  TlsError error;
  if (code != 0) {
    error.reason = ERR_GET_REASON(code);
    const char* text = ERR_reason_error_string(code);
    error.text = text == nullptr ? absl::StrCat("error ", code) : text;
  }
  ERR_clear_error();
  return error;
}

}  // namespace binferry::worker
