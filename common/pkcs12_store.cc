#include "common/pkcs12_store.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/certificate_store.h"
#include "common/status_macros.h"

namespace binferry {
namespace {

void FreeSafes(STACK_OF(PKCS7) * safes) {
  sk_PKCS7_pop_free(safes, PKCS7_free);
}
void FreeBags(STACK_OF(PKCS12_SAFEBAG) * bags) {
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}
void FreeProvider(OSSL_PROVIDER* provider) { OSSL_PROVIDER_unload(provider); }

template <typename T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, OpensslDeleter<T, Free>>;
using Library = Owned<OSSL_LIB_CTX, OSSL_LIB_CTX_free>;
using Provider = Owned<OSSL_PROVIDER, FreeProvider>;
using Store = Owned<PKCS12, PKCS12_free>;
using Safes = Owned<STACK_OF(PKCS7), FreeSafes>;
using Bags = Owned<STACK_OF(PKCS12_SAFEBAG), FreeBags>;
using PlainKey = Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;
using OldParameters = Owned<PBEPARAM, PBEPARAM_free>;
using Parameters = Owned<PBE2PARAM, PBE2PARAM_free>;
using Derivation = Owned<PBKDF2PARAM, PBKDF2PARAM_free>;

// Safes within safes.
constexpr int kMaxDepth = 4;
constexpr int64_t kMaxIterations = 1'000'000;
// trustedKeyUsage, by which keytool marks what it trusts.
constexpr char kTrustedKeyUsage[] = "2.16.840.1.113894.746875.1.1";

absl::Status Damaged() {
  return absl::InvalidArgumentError(
      "the PKCS12 store is damaged or cut off, or in a cipher that this "
      "worker's OpenSSL lacks; upload it again, or write it anew with keytool "
      "-importkeystore ... -deststoretype PKCS12");
}

absl::Status TooManyIterations() {
  return absl::InvalidArgumentError(
      absl::StrCat("the PKCS12 store asks for more than ", kMaxIterations,
                   " iterations of key derivation; write it with fewer"));
}

// The providers of one read, apart from those of the process.
struct Ciphers {
  Library library;
  Provider standard;
  Provider legacy;  // Null where it isn't installed.
};

Ciphers LoadCiphers() {
  Ciphers ciphers{Library(OSSL_LIB_CTX_new()), nullptr, nullptr};
  ciphers.standard.reset(OSSL_PROVIDER_load(ciphers.library.get(), "default"));
  ciphers.legacy.reset(OSSL_PROVIDER_load(ciphers.library.get(), "legacy"));
  ERR_clear_error();
  return ciphers;
}

absl::Status CheckIterations(const ASN1_INTEGER* iterations) {
  // -1 also for what doesn't fit.
  const int64_t count =
      iterations == nullptr ? 1 : ASN1_INTEGER_get(iterations);
  return count < 0 || count > kMaxIterations ? TooManyIterations()
                                             : absl::OkStatus();
}

// Of both kinds of encryption by password.
absl::Status CheckAlgorithm(const X509_ALGOR* algorithm) {
  if (OBJ_obj2nid(algorithm->algorithm) != NID_pbes2) {
    const OldParameters old(static_cast<PBEPARAM*>(ASN1_TYPE_unpack_sequence(
        ASN1_ITEM_rptr(PBEPARAM), algorithm->parameter)));
    return old == nullptr ? Damaged() : CheckIterations(old->iter);
  }
  const Parameters parameters(static_cast<PBE2PARAM*>(ASN1_TYPE_unpack_sequence(
      ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter)));
  if (parameters == nullptr) return Damaged();
  if (OBJ_obj2nid(parameters->keyfunc->algorithm) != NID_id_pbkdf2) {
    return Damaged();
  }
  const Derivation derivation(
      static_cast<PBKDF2PARAM*>(ASN1_TYPE_unpack_sequence(
          ASN1_ITEM_rptr(PBKDF2PARAM), parameters->keyfunc->parameter)));
  return derivation == nullptr ? Damaged() : CheckIterations(derivation->iter);
}

// One certificate and what its bag says of it.
struct FoundCertificate {
  OpensslCertificate certificate;
  bool of_key = false;
  bool marked_trusted = false;
};

// Walks the bags of a store. Thread-compatible.
class BagWalk {
 public:
  BagWalk(const char* password, int password_bytes, OSSL_LIB_CTX* library)
      : password_(password),
        password_bytes_(password_bytes),
        library_(library) {}

  absl::Status Walk(const STACK_OF(PKCS12_SAFEBAG) * bags, int depth) {
    if (depth > kMaxDepth) return Damaged();
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
      if (++bag_count_ > kMaxCertificateStoreEntries) {
        return absl::InvalidArgumentError(
            absl::StrCat("the PKCS12 store has more than ",
                         kMaxCertificateStoreEntries, " entries"));
      }
      BINFERRY_RETURN_IF_ERROR(Take(sk_PKCS12_SAFEBAG_value(bags, i), depth));
    }
    return absl::OkStatus();
  }

  absl::Status Open(PKCS7* safe) {
    Bags bags;
    if (PKCS7_type_is_data(safe)) {
      bags.reset(PKCS12_unpack_p7data(safe));
    } else if (PKCS7_type_is_encrypted(safe)) {
      if (safe->d.encrypted == nullptr) return Damaged();
      BINFERRY_RETURN_IF_ERROR(
          CheckAlgorithm(safe->d.encrypted->enc_data->algorithm));
      bags.reset(PKCS12_unpack_p7encdata(safe, password_, password_bytes_));
    } else {
      return Damaged();
    }
    if (bags == nullptr) return Damaged();
    return Walk(bags.get(), 0);
  }

  StoreEntries Finish() && {
    StoreEntries entries;
    std::vector<OpensslCertificate> chain;
    for (FoundCertificate& found : certificates_) {
      if (found.marked_trusted || (keys_.empty() && !found.of_key)) {
        entries.trusted.emplace_back(found.certificate.get());
        X509_up_ref(found.certificate.get());
      }
      chain.push_back(std::move(found.certificate));
    }
    for (OpensslKey& key : keys_) {
      StoreEntries::KeyEntry& entry = entries.keys.emplace_back();
      entry.key = std::move(key);
      for (const OpensslCertificate& certificate : chain) {
        entry.chain.emplace_back(certificate.get());
        X509_up_ref(certificate.get());
      }
    }
    return entries;
  }

 private:
  absl::Status Take(const PKCS12_SAFEBAG* bag, int depth) {
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
      case NID_keyBag:
        return TakeKey(PKCS12_SAFEBAG_get0_p8inf(bag));
      case NID_pkcs8ShroudedKeyBag: {
        const X509_ALGOR* algorithm = nullptr;
        const ASN1_OCTET_STRING* octets = nullptr;
        X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, &octets);
        BINFERRY_RETURN_IF_ERROR(CheckAlgorithm(algorithm));
        const PlainKey key(PKCS12_decrypt_skey_ex(
            bag, password_, password_bytes_, library_, nullptr));
        return key == nullptr ? Damaged() : TakeKey(key.get());
      }
      case NID_certBag:
        return TakeCertificate(bag);
      case NID_safeContentsBag:
        return Walk(PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
      default:
        return absl::OkStatus();  // Secrets and revocation lists.
    }
  }

  absl::Status TakeKey(const PKCS8_PRIV_KEY_INFO* plain) {
    OpensslKey key(plain == nullptr ? nullptr : EVP_PKCS82PKEY(plain));
    if (key == nullptr) return Damaged();
    keys_.push_back(std::move(key));
    return absl::OkStatus();
  }

  absl::Status TakeCertificate(const PKCS12_SAFEBAG* bag) {
    if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) {
      return absl::OkStatus();
    }
    FoundCertificate found;
    found.certificate.reset(PKCS12_SAFEBAG_get1_cert(bag));
    if (found.certificate == nullptr) return Damaged();
    found.of_key = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID) != nullptr;
    const STACK_OF(X509_ATTRIBUTE)* attributes = PKCS12_SAFEBAG_get0_attrs(bag);
    for (int i = 0; i < sk_X509_ATTRIBUTE_num(attributes); ++i) {
      char name[80] = "";
      OBJ_obj2txt(
          name, sizeof(name),
          X509_ATTRIBUTE_get0_object(sk_X509_ATTRIBUTE_value(attributes, i)),
          1);
      if (absl::string_view(name) == kTrustedKeyUsage) {
        found.marked_trusted = true;
      }
    }
    certificates_.push_back(std::move(found));
    return absl::OkStatus();
  }

  const char* const password_;
  const int password_bytes_;
  OSSL_LIB_CTX* const library_;
  size_t bag_count_ = 0;
  std::vector<OpensslKey> keys_;
  std::vector<FoundCertificate> certificates_;
};

// OK also for a store without a MAC. `password` is changed to null where the
// store was written with none instead of an empty one.
absl::Status CheckMac(PKCS12* store, const char** password, int bytes) {
  if (PKCS12_mac_present(store) == 0) return absl::OkStatus();
  const ASN1_INTEGER* iterations = nullptr;
  PKCS12_get0_mac(nullptr, nullptr, nullptr, &iterations, store);
  BINFERRY_RETURN_IF_ERROR(CheckIterations(iterations));
  if (PKCS12_verify_mac(store, *password, bytes) == 1) return absl::OkStatus();
  if (bytes == 0 && PKCS12_verify_mac(store, nullptr, 0) == 1) {
    *password = nullptr;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "the password of the PKCS12 store is ", bytes == 0 ? "missing" : "wrong",
      ", or the store is damaged; try it with keytool -list -v -keystore FILE "
      "or openssl pkcs12 -info -noout -in FILE"));
}

absl::StatusOr<StoreEntries> Read(absl::string_view content,
                                  const Secret& secret) {
  const Ciphers ciphers = LoadCiphers();
  PKCS12* raw = PKCS12_init_ex(NID_pkcs7_data, ciphers.library.get(), nullptr);
  const auto* at = reinterpret_cast<const uint8_t*>(content.data());
  const bool parsed =
      d2i_PKCS12(&raw, &at, static_cast<long>(content.size())) != nullptr;
  const Store store(raw);
  if (!parsed) return Damaged();
  const char* password = secret.Reveal().c_str();
  const int bytes = static_cast<int>(secret.Reveal().size());
  BINFERRY_RETURN_IF_ERROR(CheckMac(store.get(), &password, bytes));
  const Safes safes(PKCS12_unpack_authsafes(store.get()));
  if (safes == nullptr) return Damaged();
  BagWalk walk(password, bytes, ciphers.library.get());
  for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
    BINFERRY_RETURN_IF_ERROR(walk.Open(sk_PKCS7_value(safes.get(), i)));
  }
  return std::move(walk).Finish();
}

}  // namespace

bool IsDer(absl::string_view content) {
  return content.size() > 2 && content[0] == '\x30';
}

absl::StatusOr<StoreEntries> ReadPkcs12(absl::string_view content,
                                        const Secret& password) {
  absl::StatusOr<StoreEntries> entries = Read(content, password);
  ERR_clear_error();
  return entries;
}

}  // namespace binferry
