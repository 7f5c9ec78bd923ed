#include "tests/conformance/replay_options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/exit_code.h"

namespace binferry::worker {
namespace {

const std::map<std::string, PartitionPolicy> kPartitionPolicies = {
    {"table", PartitionPolicy::kTableHash},
    {"zero", PartitionPolicy::kPartitionZero},
    {"key", PartitionPolicy::kPrimaryKeyHash}};
const std::map<std::string, RecordFormat> kFormats = {
    {"json", RecordFormat::kJson}, {"json-c", RecordFormat::kJsonC}};
const std::map<std::string, FileSink::KillPoint> kKillPoints = {
    {"before", FileSink::KillPoint::kBeforeBlock},
    {"after", FileSink::KillPoint::kAfterBlock}};

// "NAME:NUMBER"; "" with an error for CLI11 otherwise.
template <typename Number>
std::string ParsePair(const std::string& text, std::string* name,
                      Number* number) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  if (parts.first.empty() || !absl::SimpleAtoi(parts.second, number)) {
    return "'" + text + "' is not NAME:NUMBER";
  }
  *name = parts.first;
  return "";
}

// What is declared on the command line and has to be understood afterwards.
struct Texts {
  std::string server;
  std::string password_variable;
  std::string from;
  std::string from_gtids;
  std::string to;
  double timeout_seconds = 60;
};

// What is wrong, "" if nothing is.
std::string Understand(const Texts& texts, ReplayOptions* options) {
  uint32_t port = 0;
  std::string wrong = ParsePair(texts.server, &options->server.host, &port);
  options->server.port = static_cast<uint16_t>(port);
  if (wrong.empty()) {
    wrong = ParsePair(texts.to, &options->to.file, &options->to.position);
  }
  Coordinates from;
  if (!texts.from_gtids.empty()) {
    options->from = StartAfterGtidSet{texts.from_gtids};
  } else if (wrong.empty()) {
    wrong = ParsePair(texts.from, &from.file, &from.position);
    options->from = StartAtCoordinates{from};
  }
  if (!texts.password_variable.empty()) {
    const char* const password = std::getenv(texts.password_variable.c_str());
    if (password == nullptr) {
      return "the variable " + texts.password_variable + " is not set";
    }
    options->server.password = password;
  }
  options->timeout = absl::Seconds(texts.timeout_seconds);
  return wrong;
}

}  // namespace

ParsedReplayOptions ParseReplayOptions(int argc, const char* const* argv) {
  ParsedReplayOptions parsed;
  ReplayOptions& options = parsed.options;
  Texts texts;
  CLI::App app(
      "Carries a database's changes between two places of a MySQL server's "
      "binlog into a file.");
  app.add_option("--server", texts.server, "HOST:PORT")->required();
  app.add_option("--user", options.server.user)->required();
  app.add_option("--password-env", texts.password_variable,
                 "The variable that holds the password");
  CLI::Option* const from =
      app.add_option("--from", texts.from, "FILE:POSITION to start at");
  app.add_option("--from-gtids", texts.from_gtids, "Start behind this set")
      ->excludes(from);
  app.add_option("--to", texts.to, "FILE:POSITION to end at")->required();
  app.add_option("--database", options.database)->required();
  app.add_option("--sink", options.sink_path,
                 "The file for records and checkpoints; one that exists is "
                 "gone on with")
      ->required();
  app.add_option("--alerts", options.alerts_path,
                 "A file for alerts, appended as JSON lines")
      ->required();
  app.add_option("--source-log", options.source_log_path,
                 "A file for what the binlog holds, as JSON lines");
  app.add_option("--partition", options.partition_policy, "Partition policy")
      ->transform(CLI::CheckedTransformer(kPartitionPolicies));
  app.add_option("--format", options.format, "Record format")
      ->transform(CLI::CheckedTransformer(kFormats));
  app.add_option("--kill-every", options.kill_every,
                 "End by SIGKILL at this many commits")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--kill-point", options.kill_point,
                 "Whether that is before or after the commit is durable")
      ->transform(CLI::CheckedTransformer(kKillPoints));
  app.add_option("--timeout", texts.timeout_seconds, "Give up, in seconds")
      ->check(CLI::PositiveNumber);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    parsed.exit_code = code == 0 ? kExitOk : kExitUsage;
    return parsed;
  }
  if (const std::string wrong = Understand(texts, &options); !wrong.empty()) {
    std::cerr << "conformance_replay: " << wrong << "\n";
    parsed.exit_code = kExitUsage;
  }
  return parsed;
}

}  // namespace binferry::worker
