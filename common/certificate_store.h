// Certificates and keys as Java programs keep them: JKS and PKCS12.
#ifndef BINFERRY_COMMON_CERTIFICATE_STORE_H_
#define BINFERRY_COMMON_CERTIFICATE_STORE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/secret.h"

namespace binferry {

// Larger stores are refused.
constexpr size_t kMaxCertificateStoreBytes = 500 * 1024;
// So are stores of more entries or of more certificates.
constexpr size_t kMaxCertificateStoreEntries = 1000;

// A client's own certificate.
struct ClientCertificate {
  std::string certificate_pem;  // With its chain, the client's first.
  Secret key_pem;               // PKCS #8, not encrypted.
};

// The authorities that a store trusts, as one PEM text. JKS and PKCS12 are told
// apart by their first bytes. An empty password: the store has none; the
// integrity of a JKS store is not checked then, as Java does.
//
// INVALID_ARGUMENT, with the cause and what to do, for a wrong password, a
// damaged or oversized store, another format, and for a store without trusted
// certificates (a store that holds only a private key with its chain is none).
// No message holds a password or what a store contains.
absl::StatusOr<std::string> ReadTrustStore(absl::string_view content,
                                           const Secret& password);

// The only private key of a store with its certificates. `key_password` is the
// key's own in a JKS store; empty: the store's.
//
// INVALID_ARGUMENT as ReadTrustStore; also for a store without a private key,
// with several of them, or whose key isn't its certificate's.
absl::StatusOr<ClientCertificate> ReadKeyStore(absl::string_view content,
                                               const Secret& password,
                                               const Secret& key_password);

}  // namespace binferry

#endif  // BINFERRY_COMMON_CERTIFICATE_STORE_H_
