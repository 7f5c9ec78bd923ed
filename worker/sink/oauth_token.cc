#include "worker/sink/oauth_token.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/clean_text.h"
#include "nlohmann/json.hpp"

namespace binferry::worker {
namespace {

constexpr size_t kMaxAnswerBytes = 1024 * 1024;
constexpr size_t kMaxQuotedBytes = 300;
constexpr int64_t kDefaultLifetimeSeconds = 300;
constexpr int64_t kMaxLifetimeSeconds = 365 * 24 * 3600;

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
using Curl = std::unique_ptr<CURL, CurlDeleter>;

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

// application/x-www-form-urlencoded.
std::string FormEncoded(absl::string_view text) {
  std::string encoded;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (absl::ascii_isalnum(byte) || letter == '-' || letter == '_' ||
        letter == '.' || letter == '~') {
      encoded.push_back(letter);
    } else {
      absl::StrAppend(&encoded, "%",
                      absl::BytesToHexString(absl::string_view(&letter, 1)));
    }
  }
  return encoded;
}

size_t AppendAnswer(char* bytes, size_t, size_t count, void* answer) {
  auto* text = static_cast<std::string*>(answer);
  if (text->size() + count > kMaxAnswerBytes) return 0;
  text->append(bytes, count);
  return count;
}

int IsStopped(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

HeaderList Headers(const OauthClientOptions& client) {
  const Secret credentials(
      absl::StrCat(FormEncoded(client.client_id), ":",
                   FormEncoded(client.client_secret.Reveal())));
  const Secret authorization(absl::StrCat(
      "Authorization: Basic ", absl::Base64Escape(credentials.Reveal())));
  HeaderList headers(
      curl_slist_append(nullptr, authorization.Reveal().c_str()));
  curl_slist_append(headers.get(), "Accept: application/json");
  return headers;
}

absl::Status TransferError(CURLcode code, const std::string& where,
                           const char* detail) {
  const std::string what =
      absl::StrCat("fetching a token from ", where, ": ",
                   *detail == 0 ? curl_easy_strerror(code) : detail);
  switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
      return absl::CancelledError(what);
    case CURLE_PEER_FAILED_VERIFICATION:
      return absl::FailedPreconditionError(absl::StrCat(
          what,
          ". The endpoint's certificate must come from an authority that "
          "the worker's system or the destination's ca_certificate or "
          "trust_store trusts, and name the endpoint's host"));
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return absl::FailedPreconditionError(
          absl::StrCat(what, ". Check oauth_client.token_endpoint"));
    case CURLE_WRITE_ERROR:
      return absl::FailedPreconditionError(
          absl::StrCat(what,
                       ". The answer is too large to be a token; check "
                       "oauth_client.token_endpoint"));
    default:
      return absl::UnavailableError(absl::StrCat(
          what,
          ". Check oauth_client.token_endpoint and the network between "
          "worker and endpoint"));
  }
}

std::string TextField(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return "";
  return CleanText(absl::string_view(found->get_ref<const std::string&>())
                       .substr(0, kMaxQuotedBytes));
}

int64_t Lifetime(const nlohmann::json& answer) {
  const auto found = answer.find("expires_in");
  if (found == answer.end() || !found->is_number()) {
    return kDefaultLifetimeSeconds;
  }
  const double seconds = found->get<double>();
  return static_cast<int64_t>(
      std::clamp(seconds, 1.0, static_cast<double>(kMaxLifetimeSeconds)));
}

}  // namespace

absl::StatusOr<OauthToken> ReadOauthAnswer(absl::string_view where,
                                           int64_t http_status,
                                           absl::string_view body) {
  const nlohmann::json answer =
      nlohmann::json::parse(body.begin(), body.end(), nullptr, false);
  const bool is_object = answer.is_object();
  const std::string what =
      absl::StrCat("the token endpoint ", where, " answers ", http_status);
  if (http_status >= 500 || http_status == 429) {
    return absl::UnavailableError(what);
  }
  if (is_object && answer.contains("error")) {
    const std::string description = TextField(answer, "error_description");
    return absl::UnauthenticatedError(absl::StrCat(
        what, " ", TextField(answer, "error"),
        description.empty() ? "" : absl::StrCat(" (", description, ")"),
        ". Check client id, client secret and scope of oauth_client"));
  }
  if (http_status == 401 || http_status == 403) {
    return absl::UnauthenticatedError(absl::StrCat(
        what, ". Check client id, client secret and scope of oauth_client"));
  }
  const auto token = is_object ? answer.find("access_token") : answer.end();
  if (http_status != 200 || !is_object || token == answer.end() ||
      !token->is_string() || token->get_ref<const std::string&>().empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        what, " without an access token. Check oauth_client.token_endpoint"));
  }
  return OauthToken{.value = Secret(token->get<std::string>()),
                    .lifetime = absl::Seconds(Lifetime(answer))};
}

absl::StatusOr<OauthToken> FetchOauthToken(const OauthTokenRequest& request) {
  const Curl curl(curl_easy_init());
  if (curl == nullptr) return absl::InternalError("libcurl can't be started");
  const std::string& where = request.client.token_endpoint;
  const HeaderList headers = Headers(request.client);
  std::string form = "grant_type=client_credentials";
  if (!request.client.scope.empty()) {
    absl::StrAppend(&form, "&scope=", FormEncoded(request.client.scope));
  }
  std::string answer;
  char detail[CURL_ERROR_SIZE] = "";
  CURL* const handle = curl.get();
  curl_easy_setopt(handle, CURLOPT_URL, where.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(
                       std::max(request.timeout, absl::Milliseconds(1)))));
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE,
                   static_cast<long>(form.size()));
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, form.c_str());
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, AppendAnswer);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
  std::stop_token stop = request.stop;
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, IsStopped);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &stop);
  if (!request.ca_pem.empty()) {
    curl_blob authorities{const_cast<char*>(request.ca_pem.data()),
                          request.ca_pem.size(), CURL_BLOB_COPY};
    curl_easy_setopt(handle, CURLOPT_CAINFO_BLOB, &authorities);
  }
  const CURLcode code = curl_easy_perform(handle);
  if (code != CURLE_OK) return TransferError(code, where, detail);
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  const Secret erased(std::move(answer));
  return ReadOauthAnswer(where, status, erased.Reveal());
}

}  // namespace binferry::worker
