#include "common/certificate_store.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/jks_store.h"
#include "common/pkcs12_store.h"
#include "common/status_macros.h"
#include "common/store_entries.h"

namespace binferry {
namespace {

using Bio = std::unique_ptr<BIO, OpensslDeleter<BIO, BIO_free_all>>;

constexpr absl::string_view kJceks("\xCE\xCE\xCE\xCE", 4);

absl::Status CheckContent(absl::string_view content) {
  if (content.empty()) {
    return absl::InvalidArgumentError("the certificate store is empty");
  }
  if (content.size() > kMaxCertificateStoreBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the certificate store has ", content.size(), " bytes; at most ",
        kMaxCertificateStoreBytes, " (500 KiB) are taken"));
  }
  if (absl::StartsWith(content, kJceks)) {
    return absl::InvalidArgumentError(
        "the certificate store is JCEKS, which is not read; convert it: "
        "keytool -importkeystore -srckeystore FILE -srcstoretype JCEKS "
        "-destkeystore NEW -deststoretype PKCS12");
  }
  if (absl::StrContains(content.substr(0, 1000), "-----BEGIN ")) {
    return absl::InvalidArgumentError(
        "this is PEM, not a certificate store; give it as ca_certificate, or "
        "as client_certificate and client_key");
  }
  if (!IsJks(content) && !IsDer(content)) {
    return absl::InvalidArgumentError(
        "this is neither a JKS nor a PKCS12 store; write one with keytool "
        "-importkeystore ... -deststoretype PKCS12");
  }
  return absl::OkStatus();
}

// What `write` leaves in memory that is erased behind it.
template <typename Write>
absl::StatusOr<std::string> Text(const Write& write) {
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (bio == nullptr || !write(bio.get())) {
    ERR_clear_error();
    return absl::InvalidArgumentError(
        "a certificate or key of the store can't be written as PEM: its kind "
        "is not known to this worker's OpenSSL");
  }
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

absl::StatusOr<std::string> ToPem(
    const std::vector<const X509*>& certificates) {
  return Text([&](BIO* bio) {
    return std::all_of(certificates.begin(), certificates.end(),
                       [bio](const X509* certificate) {
                         return PEM_write_bio_X509(
                                    bio, const_cast<X509*>(certificate)) == 1;
                       });
  });
}

// The chain from the key's own certificate on: each one is followed by its
// issuer where that is there.
std::vector<const X509*> Ordered(const StoreEntries::KeyEntry& entry) {
  std::vector<const X509*> chain;
  const X509* next = nullptr;
  for (const OpensslCertificate& certificate : entry.chain) {
    if (X509_check_private_key(certificate.get(), entry.key.get()) == 1) {
      next = certificate.get();
      break;
    }
  }
  ERR_clear_error();  // What didn't match left errors.
  while (next != nullptr) {
    chain.push_back(next);
    const X509* issuer = nullptr;
    for (const OpensslCertificate& certificate : entry.chain) {
      const bool known = std::find(chain.begin(), chain.end(),
                                   certificate.get()) != chain.end();
      if (!known &&
          X509_NAME_cmp(X509_get_issuer_name(next),
                        X509_get_subject_name(certificate.get())) == 0) {
        issuer = certificate.get();
        break;
      }
    }
    next = issuer;
  }
  return chain;
}

}  // namespace

absl::StatusOr<std::string> ReadTrustStore(absl::string_view content,
                                           const Secret& password) {
  BINFERRY_RETURN_IF_ERROR(CheckContent(content));
  StoreEntries entries;
  if (IsJks(content)) {
    BINFERRY_ASSIGN_OR_RETURN(
        entries, ReadJks(content, password, Secret(), JksKeys::kSkip));
  } else {
    BINFERRY_ASSIGN_OR_RETURN(entries, ReadPkcs12(content, password));
  }
  if (entries.trusted.empty()) {
    return absl::InvalidArgumentError(
        "the trust store has no trusted certificate; put the authority's into "
        "it: keytool -importcert -trustcacerts -alias ca -file ca.pem "
        "-keystore FILE");
  }
  std::vector<const X509*> certificates;
  for (const OpensslCertificate& certificate : entries.trusted) {
    certificates.push_back(certificate.get());
  }
  return ToPem(certificates);
}

absl::StatusOr<ClientCertificate> ReadKeyStore(absl::string_view content,
                                               const Secret& password,
                                               const Secret& key_password) {
  BINFERRY_RETURN_IF_ERROR(CheckContent(content));
  StoreEntries entries;
  if (IsJks(content)) {
    BINFERRY_ASSIGN_OR_RETURN(
        entries, ReadJks(content, password, key_password, JksKeys::kDecrypt));
  } else {
    BINFERRY_ASSIGN_OR_RETURN(entries, ReadPkcs12(content, password));
  }
  if (entries.keys.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the key store has ",
        entries.keys.empty() ? "no" : absl::StrCat(entries.keys.size()),
        " private key", entries.keys.empty() ? "" : "s",
        "; give one with exactly one: keytool -importkeystore -srckeystore "
        "FILE -srcalias ALIAS -destkeystore NEW -deststoretype PKCS12"));
  }
  const StoreEntries::KeyEntry& entry = entries.keys.front();
  const std::vector<const X509*> chain = Ordered(entry);
  if (chain.empty()) {
    return absl::InvalidArgumentError(
        "no certificate of the key store belongs to its private key; import "
        "the signed certificate under the key's alias: keytool -importcert "
        "-alias ALIAS -file client.pem -keystore FILE");
  }
  ClientCertificate client;
  BINFERRY_ASSIGN_OR_RETURN(client.certificate_pem, ToPem(chain));
  BINFERRY_ASSIGN_OR_RETURN(std::string key, Text([&](BIO* bio) {
                              return PEM_write_bio_PKCS8PrivateKey(
                                         bio, entry.key.get(), nullptr, nullptr,
                                         0, nullptr, nullptr) == 1;
                            }));
  client.key_pem = Secret(std::move(key));
  return client;
}

}  // namespace binferry
