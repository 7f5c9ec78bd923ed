#include "controller/secrets/sealer.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status_macros.h"

namespace binferry::controller {
namespace {

constexpr size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(kKeyBytes == 32);

void InitializeSodium() {
  if (sodium_init() < 0) std::abort();  // No randomness: nothing can go on.
}

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// What the seal covers beside the secret. The uid has no newline in it.
std::string CoveredText(const TaskUid& uid, SecretField field) {
  return absl::StrCat("binferry\n", uid.value(), "\n", SecretFieldPath(field));
}

// Ends a file descriptor's life.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

absl::Status FileError(absl::string_view tried, const std::string& path) {
  const int error = errno;
  const std::string message =
      absl::StrCat(tried, " ", path, ": ", std::strerror(error));
  switch (error) {
    case EEXIST:
      return absl::AlreadyExistsError(absl::StrCat(
          message, "; secrets sealed with it need it, so it is kept"));
    case ENOENT:
      return absl::NotFoundError(message);
    case EACCES:
      return absl::PermissionDeniedError(message);
    default:
      return absl::FailedPreconditionError(message);
  }
}

absl::Status CheckMode(const std::string& path, int fd) {
  struct stat stat {};
  if (fstat(fd, &stat) != 0) return FileError("cannot look at", path);
  if (!S_ISREG(stat.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("the key of the secrets ", path, " is no regular file"));
  }
  if ((stat.st_mode & 0077) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the key of the secrets ", path, " may be read by others (mode ",
        absl::StrFormat("%04o", stat.st_mode & 07777), "): run chmod 600 ",
        path));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CreateKeyFile(const std::string& path) {
  InitializeSodium();
  const File file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.fd() < 0) return FileError("cannot create the key file", path);
  std::array<unsigned char, kKeyBytes> key;
  randombytes_buf(key.data(), key.size());
  const ssize_t written = write(file.fd(), key.data(), key.size());
  sodium_memzero(key.data(), key.size());
  if (written != static_cast<ssize_t>(kKeyBytes) || fsync(file.fd()) != 0) {
    const absl::Status error = FileError("cannot write the key file", path);
    unlink(path.c_str());
    return error;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Sealer>> Sealer::Open(const std::string& path) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) {
    const absl::Status error =
        FileError("cannot open the key of the secrets", path);
    if (!absl::IsNotFound(error)) return error;
    return absl::NotFoundError(absl::StrCat(
        error.message(),
        "; create one with --create-secret-key, once, and give the same file "
        "to every controller"));
  }
  BINFERRY_RETURN_IF_ERROR(CheckMode(path, file.fd()));
  std::string key(kKeyBytes + 1, '\0');
  const ssize_t size = read(file.fd(), key.data(), key.size());
  if (size != static_cast<ssize_t>(kKeyBytes)) {
    sodium_memzero(key.data(), key.size());
    return absl::FailedPreconditionError(
        absl::StrCat("the key of the secrets ", path, " must have ", kKeyBytes,
                     " bytes: is it the right file?"));
  }
  key.resize(kKeyBytes);
  absl::StatusOr<std::unique_ptr<Sealer>> sealer = Create(key);
  sodium_memzero(key.data(), key.size());
  return sealer;
}

absl::StatusOr<std::unique_ptr<Sealer>> Sealer::Create(const std::string& key) {
  InitializeSodium();
  if (key.size() != kKeyBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a key has ", kKeyBytes, " bytes; this one has ", key.size()));
  }
  return std::unique_ptr<Sealer>(new Sealer(key));
}

Sealer::Sealer(const std::string& key) {
  std::copy(key.begin(), key.end(), key_.begin());
  // Keyed by a fixed text, so that the id tells nothing of the key.
  constexpr absl::string_view kPurpose = "binferry key id ";
  std::array<char, crypto_generichash_BYTES_MIN> hash;
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                     key_.data(), key_.size(), Bytes(kPurpose),
                     kPurpose.size());
  key_id_ = absl::BytesToHexString(absl::string_view(hash.data(), 8));
}

Sealer::~Sealer() { sodium_memzero(key_.data(), key_.size()); }

SealedSecrets Sealer::Seal(const TaskUid& uid,
                           const TaskSecrets& secrets) const {
  SealedSecrets sealed;
  for (const auto& [field, text] : secrets) {
    std::string bytes(kNonceBytes + text.size() + kTagBytes, '\0');
    auto* const nonce = reinterpret_cast<unsigned char*>(bytes.data());
    randombytes_buf(nonce, kNonceBytes);
    const std::string covered = CoveredText(uid, field);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        nonce + kNonceBytes, nullptr, Bytes(text), text.size(), Bytes(covered),
        covered.size(), nullptr, nonce, key_.data());
    sealed[field] = {.key_id = key_id_, .bytes = std::move(bytes)};
  }
  return sealed;
}

absl::StatusOr<TaskSecrets> Sealer::Unseal(const TaskUid& uid,
                                           const SealedSecrets& sealed) const {
  TaskSecrets secrets;
  for (const auto& [field, secret] : sealed) {
    if (secret.key_id != key_id_) {
      return absl::FailedPreconditionError(absl::StrCat(
          SecretFieldPath(field), " of task ", uid.value(),
          " was sealed with key ", secret.key_id, ", this controller has ",
          key_id_, ": start it with that key, or set the secret again"));
    }
    const absl::string_view bytes = secret.bytes;
    const absl::Status damaged = absl::DataLossError(
        absl::StrCat("the stored ", SecretFieldPath(field), " of task ",
                     uid.value(), " is damaged: set it again"));
    if (bytes.size() < kNonceBytes + kTagBytes) return damaged;
    std::string text(bytes.size() - kNonceBytes - kTagBytes, '\0');
    const std::string covered = CoveredText(uid, field);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            reinterpret_cast<unsigned char*>(text.data()), nullptr, nullptr,
            Bytes(bytes) + kNonceBytes, bytes.size() - kNonceBytes,
            Bytes(covered), covered.size(), Bytes(bytes), key_.data()) != 0) {
      return damaged;
    }
    secrets[field] = std::move(text);
  }
  return secrets;
}

}  // namespace binferry::controller
