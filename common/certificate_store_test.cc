// The stores are made by common/testdata/make: keytool's and openssl's.
#include "common/certificate_store.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/read_file.h"
#include "common/testing/status_matchers.h"

namespace binferry {
namespace {

std::string File(absl::string_view name) {
  absl::StatusOr<std::string> content =
      ReadFile(absl::StrCat(BINFERRY_SOURCE_DIR, "/common/testdata/", name),
               kMaxCertificateStoreBytes);
  EXPECT_TRUE(content.ok()) << content.status();
  return content.ok() ? *std::move(content) : "";
}

// The message of a refusal.
template <typename T>
std::string Refusal(const absl::StatusOr<T>& result) {
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument)
      << result.status();
  return std::string(result.status().message());
}

std::string TrustRefusal(absl::string_view content,
                         const std::string& password) {
  return Refusal(ReadTrustStore(content, Secret(password)));
}

std::string KeyRefusal(absl::string_view content, const std::string& password,
                       const std::string& key_password = "") {
  return Refusal(ReadKeyStore(content, Secret(password), Secret(key_password)));
}

void ExpectClient(const absl::StatusOr<ClientCertificate>& client,
                  const std::string& chain) {
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ(client->certificate_pem, chain);
  EXPECT_EQ(client->key_pem.Reveal(), File("client-key.pem"));
}

TEST(CertificateStoreTest, ReadsTheAuthoritiesThatKeytoolTrusts) {
  for (const char* name : {"trust.jks", "trust.p12"}) {
    const absl::StatusOr<std::string> pem =
        ReadTrustStore(File(name), Secret("trust-word"));
    ASSERT_TRUE(pem.ok()) << name << pem.status();
    EXPECT_EQ(*pem, File("ca.pem")) << name;
  }
}

TEST(CertificateStoreTest, ReadsATrustStoreOfJksWithoutItsPassword) {
  const absl::StatusOr<std::string> pem =
      ReadTrustStore(File("trust.jks"), Secret());
  ASSERT_TRUE(pem.ok()) << pem.status();
  EXPECT_EQ(*pem, File("ca.pem"));
}

TEST(CertificateStoreTest, ReadsAKeyWithItsChainFirstToLast) {
  const std::string chain = File("client.pem") + File("ca.pem");
  ExpectClient(ReadKeyStore(File("key.p12"), Secret("store-word"), Secret()),
               chain);
  ExpectClient(ReadKeyStore(File("old.p12"), Secret("store-word"), Secret()),
               chain);
  ExpectClient(ReadKeyStore(File("key.jks"), Secret("store-word"),
                            Secret("p\xC3\xA4ssw\xC3\xB6rd")),
               chain);
}

TEST(CertificateStoreTest, ReadsAKeyStoreWithoutAPassword) {
  ExpectClient(ReadKeyStore(File("bare.p12"), Secret(), Secret()),
               File("client.pem"));
}

TEST(CertificateStoreTest, TellsAWrongPassword) {
  for (const char* name : {"trust.jks", "trust.p12"}) {
    const std::string refusal = TrustRefusal(File(name), "not-the-word");
    EXPECT_TRUE(absl::StrContains(refusal, "wrong")) << refusal;
    EXPECT_FALSE(absl::StrContains(refusal, "not-the-word")) << refusal;
  }
  EXPECT_TRUE(absl::StrContains(TrustRefusal(File("trust.p12"), ""),
                                "PKCS12 store is missing"));
  EXPECT_TRUE(absl::StrContains(KeyRefusal(File("key.p12"), "x"), "wrong"));
  EXPECT_TRUE(absl::StrContains(KeyRefusal(File("key.jks"), "store-word"),
                                "private key is wrong"));
  EXPECT_TRUE(absl::StrContains(
      KeyRefusal(File("key.jks"), "\xFF\xFE", "store-word"), "not UTF-8"));
}

TEST(CertificateStoreTest, RefusesStoresWithoutWhatIsLookedFor) {
  EXPECT_TRUE(absl::StrContains(KeyRefusal(File("trust.jks"), "trust-word"),
                                "no private key"));
  EXPECT_TRUE(absl::StrContains(KeyRefusal(File("trust.p12"), "trust-word"),
                                "no private key"));
  for (const char* name : {"key.jks", "key.p12"}) {
    EXPECT_TRUE(absl::StrContains(TrustRefusal(File(name), "store-word"),
                                  "no trusted certificate"))
        << name;
  }
  EXPECT_TRUE(absl::StrContains(KeyRefusal(File("two.p12"), "store-word"),
                                "2 private keys"));
}

TEST(CertificateStoreTest, RefusesOtherFormatsByName) {
  EXPECT_TRUE(absl::StrContains(KeyRefusal(File("key.jceks"), "x"), "JCEKS"));
  EXPECT_TRUE(absl::StrContains(TrustRefusal(File("ca.pem"), ""), "PEM"));
  EXPECT_TRUE(absl::StrContains(TrustRefusal("hello", ""), "neither"));
  EXPECT_TRUE(absl::StrContains(TrustRefusal("", ""), "empty"));
  EXPECT_TRUE(absl::StrContains(
      TrustRefusal(std::string(kMaxCertificateStoreBytes + 1, 'x'), ""),
      "512001 bytes"));
}

TEST(CertificateStoreTest, RefusesEveryStoreThatIsCutOff) {
  for (const char* name : {"trust.jks", "trust.p12", "key.jks", "key.p12"}) {
    const std::string whole = File(name);
    for (size_t size = 0; size < whole.size(); ++size) {
      const absl::string_view part = absl::string_view(whole).substr(0, size);
      EXPECT_FALSE(ReadTrustStore(part, Secret()).ok()) << name << size;
      EXPECT_FALSE(ReadKeyStore(part, Secret("store-word"), Secret()).ok())
          << name << size;
    }
  }
}

TEST(CertificateStoreTest, NoticesAChangedByteOfJks) {
  const std::string whole = File("trust.jks");
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    EXPECT_FALSE(ReadTrustStore(changed, Secret("trust-word")).ok()) << at;
  }
}

}  // namespace
}  // namespace binferry
