// Certificates for tests, made on the spot.
#ifndef BINFERRY_WORKER_PRECHECK_TESTING_TEST_CERTIFICATE_H_
#define BINFERRY_WORKER_PRECHECK_TESTING_TEST_CERTIFICATE_H_

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"

namespace binferry::worker {

// A certificate and its key. Thread-compatible.
class TestCertificate {
 public:
  struct Options {
    std::string common_name;
    std::string subject_alt_name;  // "DNS:localhost"; "" = none.
    long valid_for_s = 86400;      // From an hour ago; negative: expired.
  };

  // Signed by `authority`, or by itself where that is null.
  TestCertificate(const Options& options, const TestCertificate* authority)
      : TestCertificate(options, authority, EVP_RSA_gen(2048)) {}

  // An authority's certificate once more, with the same key.
  static TestCertificate Reissue(const Options& options,
                                 const TestCertificate& authority) {
    EVP_PKEY_up_ref(authority.key_.get());
    return TestCertificate(options, nullptr, authority.key_.get());
  }

  std::string certificate_pem() const {
    return Text(
        [this](BIO* out) { PEM_write_bio_X509(out, certificate_.get()); });
  }
  std::string key_pem() const {
    return Text([this](BIO* out) {
      PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr,
                               nullptr);
    });
  }

 private:
  TestCertificate(const Options& options, const TestCertificate* authority,
                  EVP_PKEY* key)
      : key_(key), certificate_(X509_new()) {
    X509* const x = certificate_.get();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), options.valid_for_s);
    X509_set_pubkey(x, key_.get());
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(x), "CN", MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(options.common_name.c_str()), -1,
        -1, 0);
    X509_set_issuer_name(
        x, X509_get_subject_name(
               authority == nullptr ? x : authority->certificate_.get()));
    if (authority == nullptr) Extend(NID_basic_constraints, "critical,CA:TRUE");
    if (!options.subject_alt_name.empty())
      Extend(NID_subject_alt_name, options.subject_alt_name);
    X509_sign(x, authority == nullptr ? key_.get() : authority->key_.get(),
              EVP_sha256());
  }

  struct KeyCloser {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  struct CertificateCloser {
    void operator()(X509* certificate) const { X509_free(certificate); }
  };

  void Extend(int nid, const std::string& value) {
    X509_EXTENSION* const extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  template <typename Write>
  static std::string Text(Write write) {
    BIO* const out = BIO_new(BIO_s_mem());
    write(out);
    char* text = nullptr;
    const long length = BIO_get_mem_data(out, &text);
    const std::string copy(text, static_cast<size_t>(length));
    BIO_free(out);
    return copy;
  }

  static inline long serial_ = 0;
  const std::unique_ptr<EVP_PKEY, KeyCloser> key_;
  const std::unique_ptr<X509, CertificateCloser> certificate_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_TESTING_TEST_CERTIFICATE_H_
