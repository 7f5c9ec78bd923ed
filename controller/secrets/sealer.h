// Sealing of credentials at rest.
#ifndef BINFERRY_CONTROLLER_SECRETS_SEALER_H_
#define BINFERRY_CONTROLLER_SECRETS_SEALER_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/ids.h"
#include "controller/model/task_secrets.h"

namespace binferry::controller {

// Writes a new random key to `path`, readable by its owner alone. The file must
// not exist: ALREADY_EXISTS.
absl::Status CreateKeyFile(const std::string& path);

// Seals with XChaCha20-Poly1305 under the installation's 32-byte key. The seal
// covers the task's uid and the field, so that a sealed value that was moved to
// another row does not open. A lost key means that all passwords must be given
// again.
//
// Immutable.
class Sealer {
 public:
  // Reads a key file. NOT_FOUND, naming the remedy, if it isn't there;
  // FAILED_PRECONDITION if others than its owner may read it (mode beyond 0600)
  // or it is not 32 bytes.
  static absl::StatusOr<std::unique_ptr<Sealer>> Open(const std::string& path);

  // With a key at hand. 32 bytes, else INVALID_ARGUMENT.
  static absl::StatusOr<std::unique_ptr<Sealer>> Create(const std::string& key);

  ~Sealer();
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;

  // Names the key without telling it: 16 hex digits of a hash.
  const std::string& key_id() const { return key_id_; }

  SealedSecrets Seal(const TaskUid& uid, const TaskSecrets& secrets) const;

  // FAILED_PRECONDITION if a secret was sealed with another key; DATA_LOSS if
  // it was damaged or belongs to another task or field.
  absl::StatusOr<TaskSecrets> Unseal(const TaskUid& uid,
                                     const SealedSecrets& sealed) const;

 private:
  explicit Sealer(const std::string& key);

  std::array<unsigned char, 32> key_;
  std::string key_id_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_SECRETS_SEALER_H_
