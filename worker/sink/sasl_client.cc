#include "worker/sink/sasl_client.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace binferry::worker {
namespace {

constexpr int kMaxIterations = 1'000'000;
// Base64 of "n,,".
constexpr absl::string_view kNoBinding = "biws";

const EVP_MD* DigestOf(SaslMechanism mechanism) {
  return mechanism == SaslMechanism::kScramSha512 ? EVP_sha512() : EVP_sha256();
}

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string* text) {
  return reinterpret_cast<unsigned char*>(text->data());
}

std::string Hmac(const EVP_MD* digest, absl::string_view key,
                 absl::string_view text) {
  std::string result(static_cast<size_t>(EVP_MD_get_size(digest)), '\0');
  HMAC(digest, key.data(), static_cast<int>(key.size()), Bytes(text),
       text.size(), Bytes(&result), nullptr);
  return result;
}

std::string Hash(const EVP_MD* digest, absl::string_view text) {
  std::string result(static_cast<size_t>(EVP_MD_get_size(digest)), '\0');
  EVP_Digest(text.data(), text.size(), Bytes(&result), nullptr, digest,
             nullptr);
  return result;
}

absl::Status Unfit() {
  return absl::UnauthenticatedError(
      "the broker's part of the SCRAM conversation can't be understood");
}

// "r=abc" of "r=abc,s=...": what stands behind `name`.
bool Attribute(const std::vector<absl::string_view>& parts, size_t at,
               absl::string_view name, absl::string_view* value) {
  if (at >= parts.size()) return false;
  *value = parts[at];
  return absl::ConsumePrefix(value, name);
}

}  // namespace

ScramClient::ScramClient(SaslMechanism mechanism, std::string username,
                         Secret password, std::string nonce)
    : mechanism_(mechanism),
      username_(absl::StrReplaceAll(username, {{"=", "=3D"}, {",", "=2C"}})),
      password_(std::move(password)),
      nonce_(std::move(nonce)) {}

std::string ScramClient::First() const {
  return absl::StrCat("n,,n=", username_, ",r=", nonce_);
}

absl::StatusOr<std::string> ScramClient::Final(absl::string_view server_first) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(server_first, ',');
  absl::string_view nonce;
  absl::string_view salt_text;
  absl::string_view count_text;
  std::string salt;
  int iterations = 0;
  if (!Attribute(parts, 0, "r=", &nonce) || !absl::StartsWith(nonce, nonce_) ||
      !Attribute(parts, 1, "s=", &salt_text) ||
      !absl::Base64Unescape(salt_text, &salt) ||
      !Attribute(parts, 2, "i=", &count_text) ||
      !absl::SimpleAtoi(count_text, &iterations) || iterations < 1 ||
      iterations > kMaxIterations) {
    return Unfit();
  }
  const EVP_MD* digest = DigestOf(mechanism_);
  std::string salted(static_cast<size_t>(EVP_MD_get_size(digest)), '\0');
  const std::string& password = password_.Reveal();
  PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                    Bytes(salt), static_cast<int>(salt.size()), iterations,
                    digest, static_cast<int>(salted.size()), Bytes(&salted));
  const Secret key(std::move(salted));
  const std::string without_proof =
      absl::StrCat("c=", kNoBinding, ",r=", nonce);
  const std::string conversation = absl::StrCat(
      "n=", username_, ",r=", nonce_, ",", server_first, ",", without_proof);
  const Secret client_key(Hmac(digest, key.Reveal(), "Client Key"));
  std::string proof =
      Hmac(digest, Hash(digest, client_key.Reveal()), conversation);
  for (size_t i = 0; i < proof.size(); ++i) {
    proof[i] = static_cast<char>(static_cast<uint8_t>(proof[i]) ^
                                 static_cast<uint8_t>(client_key.Reveal()[i]));
  }
  server_signature_ =
      Hmac(digest, Hmac(digest, key.Reveal(), "Server Key"), conversation);
  return absl::StrCat(without_proof, ",p=", absl::Base64Escape(proof));
}

absl::Status ScramClient::Verify(absl::string_view server_final) const {
  absl::string_view signature = server_final;
  std::string bytes;
  if (!absl::ConsumePrefix(&signature, "v=") ||
      !absl::Base64Unescape(signature.substr(0, signature.find(',')), &bytes) ||
      bytes != server_signature_ || server_signature_.empty()) {
    return absl::UnauthenticatedError(
        "the broker doesn't know the user's password itself: something else "
        "answers in its place");
  }
  return absl::OkStatus();
}

Secret PlainMessage(absl::string_view username, const Secret& password) {
  std::string message(1, '\0');
  absl::StrAppend(&message, username);
  message.push_back('\0');
  absl::StrAppend(&message, password.Reveal());
  return Secret(std::move(message));
}

Secret BearerMessage(const Secret& token,
                     const std::map<std::string, std::string>& extensions) {
  std::string message =
      absl::StrCat("n,,\x01", "auth=Bearer ", token.Reveal(), "\x01");
  for (const auto& [name, value] : extensions) {
    absl::StrAppend(&message, name, "=", value, "\x01");
  }
  message.push_back('\x01');
  return Secret(std::move(message));
}

}  // namespace binferry::worker
