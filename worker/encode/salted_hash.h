// SHA-256 behind a salt.
#ifndef BINFERRY_WORKER_ENCODE_SALTED_HASH_H_
#define BINFERRY_WORKER_ENCODE_SALTED_HASH_H_

#include <openssl/evp.h>

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {

// Hashes texts that all begin with the same salt, which is read once.
// Immutable: threads may share it.
class SaltedHash {
 public:
  static constexpr size_t kHexBytes = 64;

  // INTERNAL if OpenSSL has no SHA-256.
  static absl::StatusOr<SaltedHash> Create(absl::string_view salt);

  // Writes the hash of the text of a JSON string, `escaped` without its quotes,
  // in lower-case hexadecimal: kHexBytes bytes, which may be those of
  // `escaped`. As escapes JsonWriter's are known. False if OpenSSL fails.
  [[nodiscard]] bool HashJsonText(absl::string_view escaped, char* hex) const;

 private:
  struct Free {
    void operator()(EVP_MD_CTX* digest) const { EVP_MD_CTX_free(digest); }
  };
  using Digest = std::unique_ptr<EVP_MD_CTX, Free>;

  explicit SaltedHash(Digest salted) : salted_(std::move(salted)) {}

  Digest salted_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_ENCODE_SALTED_HASH_H_
