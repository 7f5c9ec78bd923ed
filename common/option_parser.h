// Options of a program: by flag, by file, by environment.
#ifndef BINFERRY_COMMON_OPTION_PARSER_H_
#define BINFERRY_COMMON_OPTION_PARSER_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace binferry {

// A CLI11 application with what all programs of Binferry have in common:
// --help, --version, --config FILE (TOML; keys are the flags without dashes),
// and for each option an environment variable. A flag wins over the
// environment, the environment over the file. Unknown flags, keys and
// variables are refused.
//
//   std::string address = "127.0.0.1:0";
//   OptionParser parser({.program = "binferry-worker", .description = "...",
//                        .environment_prefix = "BINFERRY_WORKER_"});
//   parser.app().add_option("--controller", address, "...")
//       ->capture_default_str();
//   if (std::optional<int> exit = parser.Parse(argc, argv)) return *exit;
//
// Thread-compatible.
class OptionParser {
 public:
  struct Options {
    std::string program;
    std::string description;
    // `--state-dir` is PREFIX + "STATE_DIR". A variable that starts so and is
    // no option is refused.
    std::string environment_prefix;
    // Variables with the prefix that the program itself reads: secrets that
    // must not be given by flag.
    std::set<std::string> other_variables = {};
  };

  explicit OptionParser(const Options& options);

  // Where to declare options, before Parse.
  CLI::App& app() { return app_; }

  // The value of `option` is shown as "<secret>" by Effective.
  void MarkSecret(const CLI::Option* option);

  // Nothing: go on. Else the exit code: --help and --version were answered on
  // stdout (kExitOk), or what is wrong was said on stderr (kExitUsage).
  std::optional<int> Parse(int argc, const char* const* argv);

  // Each option and its value, defaults included, without secrets: for the log
  // at the start.
  std::vector<std::pair<std::string, std::string>> Effective() const;

 private:
  std::optional<std::string> FindUnknownVariable() const;

  const Options options_;
  CLI::App app_;
  std::set<std::string> secrets_;
};

}  // namespace binferry

#endif  // BINFERRY_COMMON_OPTION_PARSER_H_
