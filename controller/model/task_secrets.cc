#include "controller/model/task_secrets.h"

namespace binferry::controller {

absl::string_view SecretFieldPath(SecretField field) {
  switch (field) {
    case SecretField::kSourcePassword:
      return "source.password";
    case SecretField::kSourceClientKey:
      return "source.client_key";
    case SecretField::kDestinationPassword:
      return "destination.password";
    case SecretField::kDestinationClientKey:
      return "destination.client_key";
    case SecretField::kDestinationClientKeyPassword:
      return "destination.client_key_password";
    case SecretField::kTrustStorePassword:
      return "destination.trust_store.password";
    case SecretField::kKeyStoreContent:
      return "destination.key_store.content";
    case SecretField::kKeyStorePassword:
      return "destination.key_store.password";
    case SecretField::kKeyStoreKeyPassword:
      return "destination.key_store.key_password";
    case SecretField::kOauthClientSecret:
      return "destination.oauth_client.client_secret";
    case SecretField::kKerberosKeytab:
      return "destination.kerberos_client.keytab";
    case SecretField::kHashSalt:
      return "hash_salt";
  }
  return "";
}

}  // namespace binferry::controller
