// What a certificate store holds, whatever its format.
#ifndef BINFERRY_COMMON_STORE_ENTRIES_H_
#define BINFERRY_COMMON_STORE_ENTRIES_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <vector>

namespace binferry {

template <typename T, void (*Free)(T*)>
struct OpensslDeleter {
  void operator()(T* object) const { Free(object); }
};
using OpensslCertificate =
    std::unique_ptr<X509, OpensslDeleter<X509, X509_free>>;
using OpensslKey =
    std::unique_ptr<EVP_PKEY, OpensslDeleter<EVP_PKEY, EVP_PKEY_free>>;

struct StoreEntries {
  struct KeyEntry {
    OpensslKey key;
    // Those that came with it. PKCS12 doesn't tell which is the key's own.
    std::vector<OpensslCertificate> chain;
  };

  std::vector<OpensslCertificate> trusted;
  std::vector<KeyEntry> keys;
};

}  // namespace binferry

#endif  // BINFERRY_COMMON_STORE_ENTRIES_H_
