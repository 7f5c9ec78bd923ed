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
  }
  return "";
}

}  // namespace binferry::controller
