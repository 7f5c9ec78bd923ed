// What must be known to connect and must never be shown.
#ifndef BINFERRY_CONTROLLER_MODEL_TASK_SECRETS_H_
#define BINFERRY_CONTROLLER_MODEL_TASK_SECRETS_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace binferry::controller {

enum class SecretField {
  kSourcePassword,
  kSourceClientKey,
  kDestinationPassword,
  kDestinationClientKey,
  kDestinationClientKeyPassword,
  kTrustStorePassword,
  kKeyStoreContent,
  kKeyStorePassword,
  kKeyStoreKeyPassword,
  kOauthClientSecret,
  kKerberosKeytab,
  kHashSalt,
};

inline constexpr SecretField kSecretFields[] = {
    SecretField::kSourcePassword,
    SecretField::kSourceClientKey,
    SecretField::kDestinationPassword,
    SecretField::kDestinationClientKey,
    SecretField::kDestinationClientKeyPassword,
    SecretField::kTrustStorePassword,
    SecretField::kKeyStoreContent,
    SecretField::kKeyStorePassword,
    SecretField::kKeyStoreKeyPassword,
    SecretField::kOauthClientSecret,
    SecretField::kKerberosKeytab,
    SecretField::kHashSalt,
};

// The field's path in the public task, e.g. "source.password": in messages, in
// PostgreSQL, and in what the seal covers.
absl::string_view SecretFieldPath(SecretField field);

// Plaintext: lives only in memory, between a request and its sealing, and
// between opening and the answer to the worker. A field that is not set is not
// in the map.
using TaskSecrets = std::map<SecretField, std::string>;

// A secret as PostgreSQL keeps it; see secrets/sealer.h.
struct SealedSecret {
  std::string key_id;
  std::string bytes;

  friend bool operator==(const SealedSecret&, const SealedSecret&) = default;
};

using SealedSecrets = std::map<SecretField, SealedSecret>;

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_TASK_SECRETS_H_
