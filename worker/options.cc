#include "worker/options.h"

#include <unistd.h>

#include <array>
#include <iostream>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/exit_code.h"
#include "common/option_parser.h"
#include "common/resource_name.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

constexpr uint64_t kMinMemoryBytes = uint64_t{4} << 20;
constexpr uint64_t kMaxMemoryBytes = uint64_t{64} << 30;
constexpr int kMaxSlots = 10'000;
constexpr int kMaxEncoderThreads = 256;
constexpr size_t kMaxLabels = 64;
constexpr size_t kMaxPlaceBytes = 64;

// As the user wrote them.
struct Texts {
  std::string controllers = "127.0.0.1:7401";
  std::string network_types = "VPC";
  std::vector<std::string> labels;
  std::string memory = "64MiB";
  std::string join_token_file;
  std::string log_level = "info";
};

std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "";
  // A name may have only these; the rest of a host name is no loss.
  std::string result;
  for (const char c : std::string(name.data()).substr(0, 63)) {
    const bool is_plain = absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                          c == '.' || c == '_' || c == '-';
    result.push_back(is_plain ? c : '-');
  }
  return result;
}

absl::Status Wrong(absl::string_view flag, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", what));
}

absl::Status CheckAddress(absl::string_view address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 ||
      port > 65535) {
    return Wrong("--controller",
                 absl::StrCat("'", address.substr(0, 100),
                              "' is not host:port with a port from 1 to "
                              "65535"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::NetworkType>> ParseNetworkTypes(
    const std::string& text) {
  std::set<v1::NetworkType> types;
  for (absl::string_view word : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    v1::NetworkType type = v1::NETWORK_TYPE_UNSPECIFIED;
    const std::string name =
        absl::StrCat("NETWORK_TYPE_",
                     absl::AsciiStrToUpper(absl::StripAsciiWhitespace(word)));
    if (!v1::NetworkType_Parse(name, &type) ||
        type == v1::NETWORK_TYPE_UNSPECIFIED) {
      return Wrong("--network-types",
                   absl::StrCat("'", word, "' is none of vpc, public, vpn"));
    }
    types.insert(type);
  }
  if (types.empty()) {
    return Wrong("--network-types", "name at least one of vpc, public, vpn");
  }
  return std::vector<v1::NetworkType>(types.begin(), types.end());
}

absl::StatusOr<uint64_t> ParseBytes(const std::string& text) {
  uint64_t unit = 1;
  absl::string_view digits = text;
  for (const auto& [suffix, bytes] :
       {std::pair<absl::string_view, uint64_t>{"KiB", uint64_t{1} << 10},
        {"MiB", uint64_t{1} << 20},
        {"GiB", uint64_t{1} << 30}}) {
    if (absl::ConsumeSuffix(&digits, suffix)) {
      unit = bytes;
      break;
    }
  }
  uint64_t count = 0;
  if (!absl::SimpleAtoi(digits, &count) || count > kMaxMemoryBytes / unit) {
    return Wrong("--memory", absl::StrCat("'", text.substr(0, 100),
                                          "' is not a number of bytes, KiB, "
                                          "MiB or GiB up to 64GiB"));
  }
  return count * unit;
}

absl::StatusOr<std::map<std::string, std::string>> ParseLabels(
    const std::vector<std::string>& texts) {
  std::map<std::string, std::string> labels;
  for (const std::string& text : texts) {
    const std::pair<std::string, std::string> label =
        absl::StrSplit(text, absl::MaxSplits('=', 1));
    if (label.first.empty() || text.find('=') == std::string::npos) {
      return Wrong("--label", absl::StrCat("'", text.substr(0, 100),
                                           "' is not key=value"));
    }
    if (!labels.insert(label).second) {
      return Wrong("--label", absl::StrCat(label.first, " is given twice"));
    }
  }
  return labels;
}

absl::Status Interpret(const Texts& texts, WorkerOptions* options) {
  for (absl::string_view address :
       absl::StrSplit(texts.controllers, ',', absl::SkipEmpty())) {
    options->controllers.emplace_back(absl::StripAsciiWhitespace(address));
  }
  if (options->name.empty()) options->name = HostName();
  BINFERRY_ASSIGN_OR_RETURN(options->network_types,
                            ParseNetworkTypes(texts.network_types));
  BINFERRY_ASSIGN_OR_RETURN(options->labels, ParseLabels(texts.labels));
  BINFERRY_ASSIGN_OR_RETURN(options->memory_bytes, ParseBytes(texts.memory));
  if (!texts.join_token_file.empty()) {
    BINFERRY_ASSIGN_OR_RETURN(options->join_token,
                              ReadSecretFile(texts.join_token_file));
  }
  if (const absl::Status level =
          ParseLogLevel(texts.log_level, &options->log_level);
      !level.ok()) {
    return Wrong("--log-level", level.message());
  }
  return CheckWorkerOptions(*options);
}

void Declare(CLI::App* app, Texts* texts, WorkerOptions* options) {
  app->add_option("--controller", texts->controllers,
                  "Controllers to dial, host:port[,host:port...]")
      ->capture_default_str();
  app->add_option("--name", options->name,
                  "Name, unique in the installation (default: the host name)");
  app->add_option("--region", options->region,
                  "Region that the worker stands in (required)");
  app->add_option("--zone", options->zone, "Availability zone");
  app->add_option("--network-types", texts->network_types,
                  "Networks that the worker reaches: vpc,public,vpn")
      ->capture_default_str();
  app->add_option("--vpc", options->vpc, "VPC that the worker stands in");
  app->add_option("--subnet", options->subnet, "Subnet of that VPC");
  app->add_option("--label", texts->labels, "key=value; may be repeated");
  app->add_option("--slots", options->slots, "Tasks that it takes at most")
      ->capture_default_str();
  app->add_option("--memory", texts->memory,
                  "Memory for the rows of one task, e.g. 64MiB")
      ->capture_default_str();
  app->add_option("--encoder-threads", options->encoder_threads,
                  "Encoder threads of one task")
      ->capture_default_str();
  app->add_option("--tls-ca", options->tls.authorities,
                  "PEM file of the authority of the controllers (default: the "
                  "system's)");
  app->add_option("--tls-cert", options->tls.certificate,
                  "PEM file of the worker's own certificate");
  app->add_option("--tls-key", options->tls.key, "PEM file of its key");
  app->add_option("--join-token-file", texts->join_token_file,
                  "File with the token that lets the worker in");
  app->add_flag("--insecure-dev", options->insecure_dev,
                "Talk to controllers without TLS; only for development");
  app->add_option("--log-level", texts->log_level,
                  "debug, info, warning or error")
      ->capture_default_str();
}

}  // namespace

ParsedWorkerOptions ParseWorkerOptions(int argc, const char* const* argv) {
  ParsedWorkerOptions parsed;
  Texts texts;
  OptionParser parser({.program = "binferry-worker",
                       .description =
                           "Carries the row changes of MySQL servers to Kafka, "
                           "under the direction of a binferry-controller.",
                       .environment_prefix = "BINFERRY_WORKER_"});
  parser.app().footer(
      "`binferry-worker decode --help` tells how to print binlog files.");
  Declare(&parser.app(), &texts, &parsed.options);
  parsed.exit_code = parser.Parse(argc, argv);
  if (parsed.exit_code.has_value()) return parsed;
  const absl::Status status = Interpret(texts, &parsed.options);
  if (!status.ok()) {
    std::cerr << "binferry-worker: " << status.message() << "\n";
    parsed.exit_code = kExitUsage;
    return parsed;
  }
  parsed.options.effective = parser.Effective();
  return parsed;
}

absl::Status CheckWorkerOptions(const WorkerOptions& options) {
  if (options.controllers.empty()) {
    return Wrong("--controller", "name at least one host:port");
  }
  for (const std::string& address : options.controllers) {
    BINFERRY_RETURN_IF_ERROR(CheckAddress(address));
  }
  if (const absl::Status name = CheckWorkerId(options.name); !name.ok()) {
    return Wrong("--name", name.message());
  }
  if (const absl::Status region = CheckProjectId(options.region);
      options.region.empty() || !region.ok()) {
    return Wrong("--region",
                 "must be set, to 1 to 63 of `a-z 0-9 -` starting with a "
                 "letter: tasks are placed by it");
  }
  for (const auto& [flag, value] :
       {std::pair<absl::string_view, const std::string*>{"--zone",
                                                         &options.zone},
        {"--vpc", &options.vpc},
        {"--subnet", &options.subnet}}) {
    if (value->size() > kMaxPlaceBytes) {
      return Wrong(flag,
                   absl::StrCat("is longer than ", kMaxPlaceBytes, " bytes"));
    }
  }
  if (!options.subnet.empty() && options.vpc.empty()) {
    return Wrong("--subnet", "means nothing without --vpc");
  }
  if (options.labels.size() > kMaxLabels) {
    return Wrong("--label", absl::StrCat("more than ", kMaxLabels));
  }
  if (options.slots < 0 || options.slots > kMaxSlots) {
    return Wrong("--slots",
                 absl::StrCat(options.slots, " is not from 0 to ", kMaxSlots));
  }
  if (options.memory_bytes < kMinMemoryBytes ||
      options.memory_bytes > kMaxMemoryBytes) {
    return Wrong("--memory", "is not from 4MiB to 64GiB");
  }
  if (options.encoder_threads < 1 ||
      options.encoder_threads > kMaxEncoderThreads) {
    return Wrong("--encoder-threads",
                 absl::StrCat(options.encoder_threads, " is not from 1 to ",
                              kMaxEncoderThreads));
  }
  if (options.tls.certificate.empty() != options.tls.key.empty()) {
    return Wrong("--tls-cert", "and --tls-key are given both or none");
  }
  const bool has_tls =
      !options.tls.certificate.empty() || !options.tls.authorities.empty();
  if (options.insecure_dev && has_tls) {
    return Wrong("--insecure-dev", "contradicts --tls-ca and --tls-cert");
  }
  if (!options.insecure_dev && options.tls.certificate.empty() &&
      options.join_token.empty()) {
    return Wrong("--join-token-file",
                 "without it controllers need a client certificate "
                 "(--tls-cert, --tls-key); for development without TLS give "
                 "--insecure-dev");
  }
  return absl::OkStatus();
}

}  // namespace binferry::worker
