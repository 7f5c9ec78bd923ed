#include "controller/options.h"

#include <cstdint>
#include <iostream>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "common/exit_code.h"
#include "common/option_parser.h"
#include "common/status_macros.h"
#include "common/topic_name.h"
#include "controller/install_paths.h"

namespace binferry::controller {
namespace {

constexpr char kProgram[] = "binferry-controller";
constexpr char kDescription[] =
    "Serves the API of Binferry, places tasks on workers and keeps them "
    "running.\nExit codes: 0 ended as asked (SIGTERM, SIGINT), 1 failed, 2 the "
    "options make no sense.\nA password of PostgreSQL is best given by "
    "--postgres-password-file or the\nenvironment variable PGPASSWORD.";
// Room for "-checkpoints" in a topic name.
constexpr size_t kMaxPrefixBytes = 200;

void Declare(ControllerOptions* options, OptionParser* parser) {
  CLI::App& app = parser->app();
  app.add_option("--listen-api", options->listen_api,
                 "HOST:PORT of the public API; port 0 takes a free one")
      ->capture_default_str();
  app.add_option("--listen-workers", options->listen_workers,
                 "HOST:PORT that workers dial; port 0 takes a free one")
      ->capture_default_str();
  app.add_option("--ports-file", options->ports_file,
                 "Write the ports in use to this file: api_port=N and "
                 "workers_port=N, one a line");
  parser->MarkSecret(app.add_option(
      "--postgres", options->postgres,
      "Connection string or URI of PostgreSQL (libpq). Required"));
  app.add_option("--postgres-password-file", options->postgres_password_file,
                 "File with the password of PostgreSQL");
  options->migrations_dir = kMigrationsDir;
  app.add_option("--migrations-dir", options->migrations_dir,
                 "Directory with the migrations of the database")
      ->capture_default_str();
  app.add_option("--secret-key-file", options->secret_key_file,
                 "File with the key that seals passwords, readable by its "
                 "owner alone. Required");
  app.add_flag("--create-secret-key", options->create_secret_key,
               "Write a new key to --secret-key-file, which must not exist, "
               "and end");
  app.add_option("--tls-cert", options->tls.certificate,
                 "PEM file with the certificate of both listeners");
  app.add_option("--tls-key", options->tls.key,
                 "PEM file with the key of the certificate");
  app.add_option("--tls-ca", options->tls.authorities,
                 "PEM file with the authorities that sign certificates of "
                 "callers: the API then requires one, workers may present one "
                 "in place of the join token");
  app.add_option("--join-token-file", options->join_token_file,
                 "File with the token that workers present");
  app.add_flag("--insecure-dev", options->insecure_dev,
               "Without TLS, and without a look at who calls. Only for trying "
               "things out");
  app.add_option("--state-topic-prefix", options->state_topic_prefix,
                 "Checkpoints are kept in the Kafka topics PREFIX-checkpoints "
                 "and PREFIX-schemas. Never change it")
      ->capture_default_str();
  app.add_option("--log-level", options->log_level,
                 "debug, info, warning or error")
      ->capture_default_str();
}

absl::Status CheckAddress(absl::string_view option, absl::string_view address) {
  const size_t colon = address.rfind(':');
  int32_t port = -1;
  if (colon != absl::string_view::npos && colon > 0 &&
      absl::SimpleAtoi(address.substr(colon + 1), &port) && port >= 0 &&
      port <= 65535) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(option, ": \"", address,
                   "\" must be HOST:PORT with a port of 0 to 65535"));
}

absl::Status CheckSecurity(const ControllerOptions& options) {
  const TlsFiles& tls = options.tls;
  const bool any_tls =
      !tls.certificate.empty() || !tls.key.empty() || !tls.authorities.empty();
  if (options.insecure_dev) {
    if (!any_tls && options.join_token_file.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "--insecure-dev turns off TLS and the look at who calls: leave out "
        "--tls-cert, --tls-key, --tls-ca and --join-token-file, or "
        "--insecure-dev");
  }
  if (tls.certificate.empty() || tls.key.empty()) {
    return absl::InvalidArgumentError(
        "--tls-cert and --tls-key are required (without TLS only with "
        "--insecure-dev)");
  }
  if (tls.authorities.empty() && options.join_token_file.empty()) {
    return absl::InvalidArgumentError(
        "no worker could join: give --join-token-file or --tls-ca");
  }
  return absl::OkStatus();
}

// For a value in libpq's `key=value` strings.
std::string QuoteValue(absl::string_view value) {
  return absl::StrCat(
      "'", absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
}

std::string PercentEncode(absl::string_view value) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte)) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 0xf];
    }
  }
  return out;
}

}  // namespace

absl::Status CheckOptions(const ControllerOptions& options) {
  if (options.secret_key_file.empty()) {
    return absl::InvalidArgumentError(
        "--secret-key-file is required; --create-secret-key makes one");
  }
  if (options.create_secret_key) return absl::OkStatus();
  if (options.postgres.empty()) {
    return absl::InvalidArgumentError(
        "--postgres is required, e.g. \"host=db user=binferry "
        "dbname=binferry\"");
  }
  BINFERRY_RETURN_IF_ERROR(CheckAddress("--listen-api", options.listen_api));
  BINFERRY_RETURN_IF_ERROR(
      CheckAddress("--listen-workers", options.listen_workers));
  BINFERRY_RETURN_IF_ERROR(CheckSecurity(options));
  const std::string& prefix = options.state_topic_prefix;
  if (!CheckTopicName(prefix).ok() || prefix.size() > kMaxPrefixBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("--state-topic-prefix: must be 1 to ", kMaxPrefixBytes,
                     " of `a-z A-Z 0-9 . _ -`"));
  }
  return absl::OkStatus();
}

std::variant<StartOptions, int> ParseOptions(int argc,
                                             const char* const* argv) {
  StartOptions start;
  OptionParser parser({.program = kProgram,
                       .description = kDescription,
                       .environment_prefix = "BINFERRY_CONTROLLER_"});
  Declare(&start.options, &parser);
  if (const std::optional<int> exit_code = parser.Parse(argc, argv)) {
    return *exit_code;
  }
  absl::Status check = ParseLogLevel(start.options.log_level, &start.log_level);
  if (check.ok()) check = CheckOptions(start.options);
  if (!check.ok()) {
    std::cerr << kProgram << ": " << check.message() << "\n"
              << "Run with --help for more information.\n";
    return kExitUsage;
  }
  start.effective = parser.Effective();
  return start;
}

std::string AddPassword(absl::string_view connection_string,
                        const Secret& password) {
  const bool is_uri = absl::StartsWith(connection_string, "postgres://") ||
                      absl::StartsWith(connection_string, "postgresql://");
  if (!is_uri) {
    return absl::StrCat(connection_string,
                        " password=", QuoteValue(password.Reveal()));
  }
  return absl::StrCat(connection_string,
                      absl::StrContains(connection_string, "?") ? "&" : "?",
                      "password=", PercentEncode(password.Reveal()));
}

}  // namespace binferry::controller
