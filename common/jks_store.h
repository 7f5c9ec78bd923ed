// Java's own format of certificate stores, JKS.
//
// Source of the format: OpenJDK, sun.security.provider.JavaKeyStore (magic
// FEEDFEED, versions 1 and 2; SHA-1 over password, "Mighty Aphrodite" and the
// content at the end) and sun.security.provider.KeyProtector (SHA-1 key
// stream). Numbers are big-endian.
#ifndef BINFERRY_COMMON_JKS_STORE_H_
#define BINFERRY_COMMON_JKS_STORE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/secret.h"
#include "common/store_entries.h"

namespace binferry {

bool IsJks(absl::string_view content);

// Keys of the store are taken or left.
enum class JksKeys { kSkip, kDecrypt };

// Errors as ReadTrustStore and ReadKeyStore. An empty `password`: no check of
// the integrity.
absl::StatusOr<StoreEntries> ReadJks(absl::string_view content,
                                     const Secret& password,
                                     const Secret& key_password, JksKeys keys);

}  // namespace binferry

#endif  // BINFERRY_COMMON_JKS_STORE_H_
