// Random identities.
#ifndef BINFERRY_CONTROLLER_SECRETS_UUID_H_
#define BINFERRY_CONTROLLER_SECRETS_UUID_H_

#include <string>

#include "absl/strings/string_view.h"

namespace binferry::controller {

// A random UUID (version 4) in lower case, from libsodium's generator.
std::string RandomUuid();

// Whether `text` has the shape of a UUID, letter case aside.
bool IsUuid(absl::string_view text);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_SECRETS_UUID_H_
