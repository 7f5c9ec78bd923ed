#include "worker/decode/decode_options.h"

#include <stdlib.h>

#include <iostream>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/exit_code.h"
#include "common/option_parser.h"
#include "common/read_file.h"
#include "common/secret.h"
#include "common/status_macros.h"
#include "worker/binlog/file_binlog_source.h"

namespace binferry::worker {
namespace {

constexpr char kProgram[] = "binferry-worker decode";
constexpr char kPasswordVariable[] = "BINFERRY_DECODE_PASSWORD";
constexpr size_t kMaxPemBytes = size_t{1} << 20;
constexpr uint64_t kFirstPosition = 4;

// As the user wrote them.
struct Texts {
  std::string from;
  std::string password_file;
  std::string tls_mode = "disabled";
  std::string ca;
  std::string certificate;
  std::string key;
  std::string start;
  std::string gtid;
  std::string stop;
  uint64_t start_position = kFirstPosition;
  uint64_t stop_position = 0;
  bool follow = false;
  uint32_t server_id = 0;
  bool events = false;
  bool changes = false;
  std::string format = "json";
};

absl::Status Wrong(absl::string_view flag, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", what));
}

absl::StatusOr<std::string> PercentDecoded(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const absl::string_view digits = text.substr(i + 1, 2);
    if (digits.size() < 2 ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(digits[0])) ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(digits[1]))) {
      return absl::InvalidArgumentError(
          "a % must be followed by two hexadecimal digits");
    }
    decoded += absl::HexStringToBytes(digits);
    i += 2;
  }
  return decoded;
}

absl::StatusOr<TlsMode> ParseTlsMode(std::string text) {
  text = absl::AsciiStrToLower(text);
  for (char& c : text) c = c == '_' ? '-' : c;
  if (text == "disabled") return TlsMode::kDisabled;
  if (text == "required") return TlsMode::kRequired;
  if (text == "verify-ca") return TlsMode::kVerifyCa;
  if (text == "verify-identity") return TlsMode::kVerifyIdentity;
  return Wrong("--tls-mode", absl::StrCat("'", text,
                                          "' is none of disabled, required, "
                                          "verify-ca, verify-identity"));
}

absl::Status ReadPem(const std::string& path, std::string* pem) {
  if (path.empty()) return absl::OkStatus();
  BINFERRY_ASSIGN_OR_RETURN(*pem, ReadFile(path, kMaxPemBytes));
  return absl::OkStatus();
}

absl::Status InterpretConnection(const Texts& texts,
                                 ConnectionOptions* connection) {
  absl::StatusOr<ConnectionOptions> address = ParseServerAddress(texts.from);
  if (!address.ok()) return Wrong("--from", address.status().message());
  *connection = *std::move(address);
  BINFERRY_ASSIGN_OR_RETURN(connection->tls_mode, ParseTlsMode(texts.tls_mode));
  BINFERRY_RETURN_IF_ERROR(ReadPem(texts.ca, &connection->ca_pem));
  BINFERRY_RETURN_IF_ERROR(
      ReadPem(texts.certificate, &connection->certificate_pem));
  BINFERRY_RETURN_IF_ERROR(ReadPem(texts.key, &connection->key_pem));
  if (texts.certificate.empty() != texts.key.empty()) {
    return Wrong("--cert", "and --key are given both or none");
  }
  const bool has_tls_files = !texts.ca.empty() || !texts.certificate.empty();
  if (has_tls_files && connection->tls_mode == TlsMode::kDisabled) {
    return Wrong("--ca", "and --cert mean nothing with --tls-mode disabled");
  }
  if (!texts.password_file.empty()) {
    BINFERRY_ASSIGN_OR_RETURN(const Secret password,
                              ReadSecretFile(texts.password_file));
    connection->password = password.Reveal();
  } else if (const char* password = getenv(kPasswordVariable)) {
    connection->password = password;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<StartPosition>> InterpretStart(
    const Texts& texts) {
  if (!texts.start.empty() && !texts.gtid.empty()) {
    return Wrong("--gtid", "contradicts --start");
  }
  if (!texts.gtid.empty()) return StartAfterGtidSet{texts.gtid};
  if (texts.start.empty()) return std::nullopt;
  if (texts.start == "now") return StartNow{};
  absl::StatusOr<Coordinates> at = ParseCoordinates(texts.start);
  if (!at.ok()) return Wrong("--start", at.status().message());
  return StartAtCoordinates{*std::move(at)};
}

absl::Status InterpretServer(const Texts& texts, DecodeOptions* options) {
  if (!options->files.empty()) {
    return Wrong("--from", "and files are not read in one call");
  }
  if (texts.start_position != kFirstPosition || texts.stop_position != 0) {
    return Wrong("--start-position",
                 "and --stop-position are for files; with --from give --start "
                 "or --stop FILE:POSITION");
  }
  DecodedServer& server = options->server.emplace();
  BINFERRY_RETURN_IF_ERROR(InterpretConnection(texts, &server.connection));
  BINFERRY_ASSIGN_OR_RETURN(server.start, InterpretStart(texts));
  server.follows = texts.follow;
  server.server_id = texts.server_id;
  if (!texts.stop.empty()) {
    absl::StatusOr<Coordinates> stop = ParseCoordinates(texts.stop);
    if (!stop.ok()) return Wrong("--stop", stop.status().message());
    options->stop = *std::move(stop);
  }
  return absl::OkStatus();
}

absl::Status InterpretFiles(const Texts& texts, DecodeOptions* options) {
  if (options->files.empty()) {
    return absl::InvalidArgumentError(
        "name binlog files, or a server with --from mysql://USER@HOST:PORT");
  }
  for (const auto& [flag, is_given] :
       {std::pair<absl::string_view, bool>{"--start", !texts.start.empty()},
        {"--gtid", !texts.gtid.empty()},
        {"--stop", !texts.stop.empty()},
        {"--follow", texts.follow},
        {"--server-id", texts.server_id != 0},
        {"--password-file", !texts.password_file.empty()}}) {
    if (is_given) return Wrong(flag, "means nothing without --from");
  }
  if (texts.start_position < kFirstPosition) {
    return Wrong("--start-position",
                 "is before the first event of a file, which is at 4");
  }
  options->start_position = texts.start_position;
  if (texts.stop_position == 0) return absl::OkStatus();
  std::set<std::string> names;
  for (const std::string& path : options->files) {
    options->stop =
        Coordinates{FileBinlogSource::NameInStream(path), texts.stop_position};
    if (!names.insert(options->stop->file).second) {
      return Wrong("--stop-position",
                   absl::StrCat("needs files of different names, but ",
                                options->stop->file, " is named twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status Interpret(const Texts& texts, DecodeOptions* options) {
  options->prints_events = texts.events || !texts.changes;
  options->prints_changes = texts.changes || !texts.events;
  if (texts.format == "json-c") {
    options->format = RecordFormat::kJsonC;
  } else if (texts.format != "json") {
    return Wrong("--format",
                 absl::StrCat("'", texts.format, "' is none of json, json-c"));
  }
  return texts.from.empty() ? InterpretFiles(texts, options)
                            : InterpretServer(texts, options);
}

void DeclareServer(CLI::App* app, Texts* texts) {
  app->add_option("--from", texts->from,
                  "Server to read instead of files, mysql://USER@HOST:PORT. "
                  "Its password comes from --password-file or from "
                  "BINFERRY_DECODE_PASSWORD");
  app->add_option("--password-file", texts->password_file,
                  "File with the password");
  app->add_option("--tls-mode", texts->tls_mode,
                  "disabled, required, verify-ca or verify-identity")
      ->capture_default_str();
  app->add_option("--ca", texts->ca,
                  "PEM file of the authority of the server (default: the "
                  "system's)");
  app->add_option("--cert", texts->certificate,
                  "PEM file of the client's own certificate");
  app->add_option("--key", texts->key, "PEM file of its key");
  app->add_option("--start", texts->start,
                  "Where in the server's binlog to start: FILE:POSITION, or "
                  "`now` for its present end (default: the first file that it "
                  "still has)");
  app->add_option("--gtid", texts->gtid,
                  "Start behind the transactions of this GTID set");
  app->add_option("--stop", texts->stop,
                  "Stop before the server's event at FILE:POSITION");
  app->add_flag("--follow", texts->follow,
                "Wait for more where the server's binlog ends");
  app->add_option("--server-id", texts->server_id,
                  "Id to read under, unique among the server's replicas "
                  "(default: one at random)");
}

void Declare(CLI::App* app, Texts* texts, DecodeOptions* options) {
  app->add_option("files", options->files,
                  "Binlog files or relay logs in order; - is the standard "
                  "input");
  app->add_flag("--events", texts->events,
                "Print events (default: events and changes)");
  app->add_flag("--changes", texts->changes, "Print row changes");
  app->add_option("--database", options->filter.databases,
                  "Print only changes of this database; may be repeated")
      ->allow_extra_args(false);
  app->add_option("--table", options->filter.tables,
                  "Print only changes of this table, TABLE or DATABASE.TABLE; "
                  "may be repeated")
      ->allow_extra_args(false);
  app->add_option("--start-position", texts->start_position,
                  "Start at this event of the first file");
  app->add_option("--stop-position", texts->stop_position,
                  "Stop before this event of the last file");
  app->add_option("--format", texts->format,
                  "How values are written: as in the record format json or "
                  "json-c")
      ->capture_default_str();
  app->add_flag("--artificial", options->prints_artificial,
                "Print events that stand in no file, too");
  app->add_flag("--keep-going", options->keeps_going,
                "Go on behind events whose content can't be read");
  DeclareServer(app, texts);
}

}  // namespace

ParsedDecodeOptions ParseDecodeOptions(int argc, const char* const* argv) {
  ParsedDecodeOptions parsed;
  Texts texts;
  OptionParser parser({.program = kProgram,
                       .description =
                           "Prints the events and row changes of MySQL binlogs "
                           "as JSON, a line for each.",
                       .environment_prefix = "BINFERRY_DECODE_",
                       .other_variables = {kPasswordVariable}});
  Declare(&parser.app(), &texts, &parsed.options);
  parsed.exit_code = parser.Parse(argc, argv);
  if (parsed.exit_code.has_value()) return parsed;
  const absl::Status status = Interpret(texts, &parsed.options);
  if (!status.ok()) {
    std::cerr << kProgram << ": " << status.message() << "\n"
              << "Run with --help for more information.\n";
    parsed.exit_code = kExitUsage;
  }
  return parsed;
}

absl::StatusOr<ConnectionOptions> ParseServerAddress(absl::string_view text) {
  constexpr absl::string_view kForm = "give mysql://USER@HOST:PORT";
  if (!absl::ConsumePrefix(&text, "mysql://")) {
    return absl::InvalidArgumentError(
        absl::StrCat("is no address of a server: ", kForm));
  }
  absl::ConsumeSuffix(&text, "/");
  ConnectionOptions options;
  const size_t at = text.rfind('@');
  if (at == absl::string_view::npos || at == 0 || at + 1 == text.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("names no user or no host: ", kForm));
  }
  const absl::string_view user = text.substr(0, at);
  if (absl::StrContains(user, ":")) {
    return absl::InvalidArgumentError(
        "a password in the address would show in the process list: give it "
        "with --password-file or BINFERRY_DECODE_PASSWORD");
  }
  BINFERRY_ASSIGN_OR_RETURN(options.user, PercentDecoded(user));
  absl::string_view host = text.substr(at + 1);
  const size_t colon = host.rfind(':');
  if (colon != absl::string_view::npos &&
      !absl::StrContains(host.substr(colon), "]")) {
    uint32_t port = 0;
    if (!absl::SimpleAtoi(host.substr(colon + 1), &port) || port == 0 ||
        port > 65535) {
      return absl::InvalidArgumentError("the port is not from 1 to 65535");
    }
    options.port = static_cast<uint16_t>(port);
    host = host.substr(0, colon);
  }
  if (absl::ConsumePrefix(&host, "[")) {
    if (!absl::ConsumeSuffix(&host, "]")) {
      return absl::InvalidArgumentError(
          "the bracket of the host is not closed");
    }
  } else if (absl::StrContains(host, ":")) {
    return absl::InvalidArgumentError("an IPv6 address stands in brackets");
  }
  if (host.empty() || absl::StrContains(host, "/")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the host is none; ", kForm, " and choose databases with --database"));
  }
  BINFERRY_ASSIGN_OR_RETURN(options.host, PercentDecoded(host));
  return options;
}

absl::StatusOr<Coordinates> ParseCoordinates(absl::string_view text) {
  const size_t colon = text.rfind(':');
  Coordinates at;
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(text.substr(colon + 1), &at.position) ||
      at.position < kFirstPosition) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text.substr(0, 100),
                     "' is not FILE:POSITION with a position from 4 on"));
  }
  at.file = std::string(text.substr(0, colon));
  return at;
}

}  // namespace binferry::worker
