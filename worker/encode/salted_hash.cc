#include "worker/encode/salted_hash.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"

namespace binferry::worker {
namespace {

int HexDigit(char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

// The character of the escape that `escaped` begins with, which it loses.
absl::string_view ConsumeEscape(absl::string_view* escaped,
                                std::array<char, 3>* room) {
  const char c = (*escaped)[1];
  if (c != 'u') {
    escaped->remove_prefix(2);
    (*room)[0] = c == 'b'   ? '\b'
                 : c == 'f' ? '\f'
                 : c == 'n' ? '\n'
                 : c == 'r' ? '\r'
                 : c == 't' ? '\t'
                            : c;
    return {room->data(), 1};
  }
  int unit = 0;
  for (size_t i = 2; i < 6; ++i) unit = unit * 16 + HexDigit((*escaped)[i]);
  escaped->remove_prefix(6);
  if (unit < 0x80) {
    (*room)[0] = static_cast<char>(unit);
    return {room->data(), 1};
  }
  // U+2028 and U+2029.
  (*room)[0] = static_cast<char>(0xe0 | unit >> 12);
  (*room)[1] = static_cast<char>(0x80 | (unit >> 6 & 0x3f));
  (*room)[2] = static_cast<char>(0x80 | (unit & 0x3f));
  return {room->data(), 3};
}

}  // namespace

absl::StatusOr<SaltedHash> SaltedHash::Create(absl::string_view salt) {
  Digest digest(EVP_MD_CTX_new());
  if (digest == nullptr ||
      EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) != 1 ||
      EVP_DigestUpdate(digest.get(), salt.data(), salt.size()) != 1) {
    return absl::InternalError("OpenSSL computes no SHA-256");
  }
  return SaltedHash(std::move(digest));
}

bool SaltedHash::HashJsonText(absl::string_view escaped, char* hex) const {
  // Kept, because making one allocates.
  thread_local const Digest digest(EVP_MD_CTX_new());
  bool is_good = EVP_MD_CTX_copy_ex(digest.get(), salted_.get()) == 1;
  const auto add = [&is_good](absl::string_view bytes) {
    is_good = is_good &&
              EVP_DigestUpdate(digest.get(), bytes.data(), bytes.size()) == 1;
  };
  std::array<char, 3> room{};
  while (!escaped.empty()) {
    const size_t plain = std::min(escaped.find('\\'), escaped.size());
    add(escaped.substr(0, plain));
    escaped.remove_prefix(plain);
    if (!escaped.empty()) add(ConsumeEscape(&escaped, &room));
  }
  std::array<uint8_t, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  is_good =
      is_good && EVP_DigestFinal_ex(digest.get(), hash.data(), &size) == 1;
  if (!is_good || size * 2 != kHexBytes) return false;
  constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = 0; i < size; ++i) {
    *hex++ = kDigits[hash[i] >> 4];
    *hex++ = kDigits[hash[i] & 0xf];
  }
  return true;
}

}  // namespace binferry::worker
