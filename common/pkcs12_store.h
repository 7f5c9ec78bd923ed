// PKCS12 (RFC 7292) certificate stores, as keytool and openssl write them.
#ifndef BINFERRY_COMMON_PKCS12_STORE_H_
#define BINFERRY_COMMON_PKCS12_STORE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/secret.h"
#include "common/store_entries.h"

namespace binferry {

// Whether it begins as DER does.
bool IsDer(absl::string_view content);

// Where the store has keys, trusted is what keytool has marked so (each key's
// chain is all certificates); else every certificate. Also reads stores in the
// older ciphers (RC2, triple DES) where OpenSSL's legacy provider is installed.
// Errors as ReadTrustStore and ReadKeyStore; INVALID_ARGUMENT also for more
// than a million iterations of key derivation.
absl::StatusOr<StoreEntries> ReadPkcs12(absl::string_view content,
                                        const Secret& password);

}  // namespace binferry

#endif  // BINFERRY_COMMON_PKCS12_STORE_H_
