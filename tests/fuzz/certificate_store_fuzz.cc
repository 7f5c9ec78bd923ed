// Arbitrary bytes as a certificate store. The digest that guards a JKS store is
// mended first, or nothing behind it would ever be read.
#include <openssl/sha.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/certificate_store.h"

namespace binferry {
namespace {

constexpr size_t kDigest = SHA_DIGEST_LENGTH;

std::string Mended(std::string store) {
  if (!absl::StartsWith(store, "\xFE\xED\xFE\xED") || store.size() < kDigest) {
    return store;
  }
  store.resize(store.size() - kDigest);
  std::string guarded;
  for (const char letter : absl::string_view("store-word")) {
    guarded.push_back('\0');
    guarded.push_back(letter);
  }
  absl::StrAppend(&guarded, "Mighty Aphrodite", store);
  unsigned char digest[kDigest];
  SHA1(reinterpret_cast<const unsigned char*>(guarded.data()), guarded.size(),
       digest);
  store.append(reinterpret_cast<const char*>(digest), kDigest);
  return store;
}

void Run(std::string bytes) {
  const std::string store = Mended(std::move(bytes));
  const Secret password("store-word");
  const absl::StatusOr<std::string> trust = ReadTrustStore(store, password);
  if (trust.ok() && !absl::StartsWith(*trust, "-----BEGIN CERTIFICATE")) {
    __builtin_trap();
  }
  const absl::StatusOr<ClientCertificate> client =
      ReadKeyStore(store, password, Secret());
  if (client.ok() &&
      (client->certificate_pem.empty() || client->key_pem.empty())) {
    __builtin_trap();
  }
}

}  // namespace
}  // namespace binferry

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  binferry::Run(std::string(reinterpret_cast<const char*>(bytes), size));
  return 0;
}
