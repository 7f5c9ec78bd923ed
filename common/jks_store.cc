#include "common/jks_store.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/certificate_store.h"
#include "common/status_macros.h"

namespace binferry {
namespace {

using Digest = std::array<uint8_t, SHA_DIGEST_LENGTH>;
using ShroudedKey =
    std::unique_ptr<X509_SIG, OpensslDeleter<X509_SIG, X509_SIG_free>>;
using PlainKey = std::unique_ptr<
    PKCS8_PRIV_KEY_INFO,
    OpensslDeleter<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>>;

constexpr absl::string_view kMagic("\xFE\xED\xFE\xED", 4);
constexpr char kPhrase[] = "Mighty Aphrodite";
constexpr char kKeyProtector[] = "1.3.6.1.4.1.42.2.17.1.1";
constexpr uint32_t kKeyTag = 1;
constexpr uint32_t kTrustedTag = 2;

absl::Status Damaged() {
  return absl::InvalidArgumentError(
      "the JKS store is damaged or cut off; upload it again");
}

absl::Status WrongPassword(absl::string_view of) {
  return absl::InvalidArgumentError(
      absl::StrCat("the password of the JKS ", of,
                   " is wrong, or the store is damaged; "
                   "try it with keytool -list -v -keystore FILE"));
}

const uint8_t* Bytes(absl::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

// A password as Java hashes it: UTF-16, big-endian.
absl::StatusOr<Secret> Utf16(const Secret& password) {
  const absl::string_view text = password.Reveal();
  const auto malformed = [] {
    return absl::InvalidArgumentError(
        "the password of the JKS store is not UTF-8");
  };
  std::string units;
  units.reserve(2 * text.size());  // So that no copy stays behind.
  const auto append = [&units](uint32_t unit) {
    units.push_back(static_cast<char>((unit >> 8) & 0xFF));
    units.push_back(static_cast<char>(unit & 0xFF));
  };
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i++]);
    const int more = lead < 0x80   ? 0
                     : lead < 0xC2 ? -1
                     : lead < 0xE0 ? 1
                     : lead < 0xF0 ? 2
                     : lead < 0xF5 ? 3
                                   : -1;
    if (more < 0 || i + static_cast<size_t>(more) > text.size()) {
      return malformed();
    }
    uint32_t point = more == 0 ? lead : lead & (0x3Fu >> more);
    for (int k = 0; k < more; ++k) {
      const auto byte = static_cast<uint8_t>(text[i++]);
      if ((byte & 0xC0) != 0x80) return malformed();
      point = (point << 6) | (byte & 0x3Fu);
    }
    if (point > 0xFFFF) {
      append(0xD800 + ((point - 0x10000) >> 10));
      append(0xDC00 + ((point - 0x10000) & 0x3FF));
    } else {
      append(point);
    }
  }
  return Secret(std::move(units));
}

Digest Sha1(std::initializer_list<absl::string_view> parts) {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_DigestInit_ex(context, EVP_sha1(), nullptr);
  for (const absl::string_view part : parts) {
    EVP_DigestUpdate(context, part.data(), part.size());
  }
  Digest digest{};
  EVP_DigestFinal_ex(context, digest.data(), nullptr);
  EVP_MD_CTX_free(context);
  return digest;
}

absl::string_view AsText(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// The format's numbers and strings one after the other. Thread-compatible.
class Reader {
 public:
  explicit Reader(absl::string_view rest) : rest_(rest) {}

  bool Number(size_t bytes, uint64_t* number) {
    absl::string_view digits;
    if (!Take(bytes, &digits)) return false;
    *number = 0;
    for (const char digit : digits) {
      *number = (*number << 8) | static_cast<uint8_t>(digit);
    }
    return true;
  }

  bool Take(size_t bytes, absl::string_view* taken) {
    if (bytes > rest_.size()) return false;
    *taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return true;
  }

  // A string or an array behind its length of `length_bytes`.
  bool Counted(size_t length_bytes, absl::string_view* taken) {
    uint64_t length = 0;
    return Number(length_bytes, &length) && Take(length, taken);
  }

  bool done() const { return rest_.empty(); }

 private:
  absl::string_view rest_;
};

absl::StatusOr<OpensslCertificate> ReadCertificate(uint64_t version,
                                                   Reader* reader) {
  absl::string_view type = "X.509";
  absl::string_view der;
  if (version == 2 && !reader->Counted(2, &type)) return Damaged();
  if (!reader->Counted(4, &der)) return Damaged();
  if (type != "X.509") {
    return absl::InvalidArgumentError(
        "the JKS store has a certificate that is not X.509");
  }
  const uint8_t* at = Bytes(der);
  OpensslCertificate certificate(
      d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (certificate == nullptr) {
    ERR_clear_error();
    return Damaged();
  }
  return certificate;
}

// Undoes Sun's KeyProtector: salt, key exclusive-or a stream of digests, and a
// digest of password and key.
absl::StatusOr<OpensslKey> Decrypt(absl::string_view der,
                                   const Secret& password) {
  const uint8_t* at = Bytes(der);
  const ShroudedKey shrouded(
      d2i_X509_SIG(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (shrouded == nullptr) return Damaged();
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_OCTET_STRING* octets = nullptr;
  X509_SIG_get0(shrouded.get(), &algorithm, &octets);
  char name[64] = "";
  OBJ_obj2txt(name, sizeof(name), algorithm->algorithm, 1);
  if (absl::string_view(name) != kKeyProtector) {
    return absl::InvalidArgumentError(
        "the JKS store's private key is protected in a way that is not known; "
        "convert the store: keytool -importkeystore -srckeystore FILE "
        "-destkeystore NEW -deststoretype PKCS12");
  }
  const absl::string_view bytes(
      reinterpret_cast<const char*>(ASN1_STRING_get0_data(octets)),
      static_cast<size_t>(ASN1_STRING_length(octets)));
  constexpr size_t kDigest = SHA_DIGEST_LENGTH;
  if (bytes.size() <= 2 * kDigest) return Damaged();
  std::string plain(bytes.substr(kDigest, bytes.size() - 2 * kDigest));
  Digest stream{};
  absl::string_view seed = bytes.substr(0, kDigest);
  for (size_t i = 0; i < plain.size(); ++i) {
    if (i % kDigest == 0) {
      stream = Sha1({password.Reveal(), seed});
      seed = AsText(stream);
    }
    plain[i] =
        static_cast<char>(static_cast<uint8_t>(plain[i]) ^ stream[i % kDigest]);
  }
  const Secret key(std::move(plain));
  const Digest check = Sha1({password.Reveal(), key.Reveal()});
  if (AsText(check) != bytes.substr(bytes.size() - kDigest)) {
    return WrongPassword("store's private key");
  }
  at = Bytes(key.Reveal());
  const PlainKey unwrapped(d2i_PKCS8_PRIV_KEY_INFO(
      nullptr, &at, static_cast<long>(key.Reveal().size())));
  OpensslKey result(unwrapped == nullptr ? nullptr
                                         : EVP_PKCS82PKEY(unwrapped.get()));
  ERR_clear_error();
  if (result == nullptr) return Damaged();
  return result;
}

struct KeyReading {
  uint64_t version = 0;
  JksKeys keys = JksKeys::kSkip;
  Secret password;  // UTF-16.
};

absl::Status ReadKeyEntry(const KeyReading& reading, Reader* reader,
                          StoreEntries* entries) {
  absl::string_view shrouded;
  uint64_t chain = 0;
  if (!reader->Counted(4, &shrouded) || !reader->Number(4, &chain) ||
      chain > kMaxCertificateStoreEntries) {
    return Damaged();
  }
  StoreEntries::KeyEntry entry;
  for (uint64_t i = 0; i < chain; ++i) {
    BINFERRY_ASSIGN_OR_RETURN(OpensslCertificate certificate,
                              ReadCertificate(reading.version, reader));
    entry.chain.push_back(std::move(certificate));
  }
  switch (reading.keys) {
    case JksKeys::kSkip:
      return absl::OkStatus();
    case JksKeys::kDecrypt:
      break;
  }
  BINFERRY_ASSIGN_OR_RETURN(entry.key, Decrypt(shrouded, reading.password));
  entries->keys.push_back(std::move(entry));
  return absl::OkStatus();
}

absl::StatusOr<StoreEntries> ReadEntries(absl::string_view body,
                                         KeyReading reading) {
  Reader reader(body.substr(kMagic.size()));
  uint64_t count = 0;
  if (!reader.Number(4, &reading.version) || !reader.Number(4, &count)) {
    return Damaged();
  }
  if (reading.version != 1 && reading.version != 2) return Damaged();
  if (count > kMaxCertificateStoreEntries) {
    return absl::InvalidArgumentError(
        absl::StrCat("the JKS store has more than ",
                     kMaxCertificateStoreEntries, " entries"));
  }
  StoreEntries entries;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t tag = 0;
    uint64_t time = 0;
    absl::string_view alias;
    if (!reader.Number(4, &tag) || !reader.Counted(2, &alias) ||
        !reader.Number(8, &time)) {
      return Damaged();
    }
    if (tag == kKeyTag) {
      BINFERRY_RETURN_IF_ERROR(ReadKeyEntry(reading, &reader, &entries));
    } else if (tag == kTrustedTag) {
      BINFERRY_ASSIGN_OR_RETURN(OpensslCertificate certificate,
                                ReadCertificate(reading.version, &reader));
      entries.trusted.push_back(std::move(certificate));
    } else {
      return Damaged();
    }
  }
  if (!reader.done()) return Damaged();
  return entries;
}

}  // namespace

bool IsJks(absl::string_view content) {
  return absl::StartsWith(content, kMagic);
}

absl::StatusOr<StoreEntries> ReadJks(absl::string_view content,
                                     const Secret& password,
                                     const Secret& key_password, JksKeys keys) {
  if (content.size() < kMagic.size() + SHA_DIGEST_LENGTH) return Damaged();
  const absl::string_view body =
      content.substr(0, content.size() - SHA_DIGEST_LENGTH);
  BINFERRY_ASSIGN_OR_RETURN(Secret units, Utf16(password));
  if (!password.empty()) {
    const Digest digest = Sha1({units.Reveal(), kPhrase, body});
    if (AsText(digest) != content.substr(body.size())) {
      return WrongPassword("store");
    }
  }
  if (!key_password.empty()) {
    BINFERRY_ASSIGN_OR_RETURN(units, Utf16(key_password));
  }
  return ReadEntries(
      body, {.version = 0, .keys = keys, .password = std::move(units)});
}

}  // namespace binferry
