#include "common/option_parser.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/exit_code.h"
#include "common/version.h"

namespace binferry {
namespace {

std::string VariableName(const std::string& prefix, const CLI::Option& option) {
  return absl::StrCat(prefix, absl::AsciiStrToUpper(absl::StrReplaceAll(
                                  option.get_lnames().front(), {{"-", "_"}})));
}

bool HasVariable(const CLI::Option& option) {
  if (option.get_lnames().empty()) return false;
  const std::string& name = option.get_lnames().front();
  return name != "help" && name != "version";
}

// Whether `argv` gives the option.
bool IsGiven(const CLI::Option& option, int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const absl::string_view arg = argv[i];
    if (arg == "--") return false;
    for (const std::string& name : option.get_lnames()) {
      const std::string flag = absl::StrCat("--", name);
      if (arg == flag || absl::StartsWith(arg, flag + "=")) return true;
    }
    for (const std::string& name : option.get_snames()) {
      if (absl::StartsWith(arg, absl::StrCat("-", name))) return true;
    }
  }
  return false;
}

}  // namespace

OptionParser::OptionParser(const Options& options)
    : options_(options), app_(options.description, options.program) {
  app_.set_version_flag("--version",
                        absl::StrCat(options.program, " ", kVersion));
  app_.set_config("--config", "", "Read options from this TOML file");
  app_.allow_config_extras(CLI::config_extras_mode::error);
  app_.get_formatter()->column_width(34);
}

void OptionParser::MarkSecret(const CLI::Option* option) {
  secrets_.insert(option->get_name());
}

std::optional<std::string> OptionParser::FindUnknownVariable() const {
  std::set<std::string> known = options_.other_variables;
  for (const CLI::Option* option : app_.get_options()) {
    if (HasVariable(*option)) {
      known.insert(VariableName(options_.environment_prefix, *option));
    }
  }
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view text = *entry;
    const std::string name(text.substr(0, text.find('=')));
    if (absl::StartsWith(name, options_.environment_prefix) &&
        known.count(name) == 0) {
      return name;
    }
  }
  return std::nullopt;
}

std::optional<int> OptionParser::Parse(int argc, const char* const* argv) {
  // CLI11 lets the file win over the environment. Variables are therefore
  // given as if they were flags.
  std::vector<std::string> args;
  for (CLI::Option* option : app_.get_options()) {
    if (!HasVariable(*option)) continue;
    const std::string variable =
        VariableName(options_.environment_prefix, *option);
    option->envname(variable);
    const char* value = getenv(variable.c_str());
    if (value != nullptr && !IsGiven(*option, argc, argv)) {
      args.push_back(
          absl::StrCat("--", option->get_lnames().front(), "=", value));
    }
  }
  args.insert(args.end(), argv + 1, argv + argc);
  std::reverse(args.begin(), args.end());
  try {
    app_.parse(std::move(args));
  } catch (const CLI::Success& success) {
    app_.exit(success, std::cout, std::cerr);
    return kExitOk;
  } catch (const CLI::Error& error) {
    std::cerr << options_.program << ": " << error.what() << "\n"
              << "Run with --help for more information.\n";
    return kExitUsage;
  }
  if (const std::optional<std::string> name = FindUnknownVariable()) {
    std::cerr << options_.program << ": the environment variable " << *name
              << " is no option of this program. Unset it or see --help.\n";
    return kExitUsage;
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> OptionParser::Effective()
    const {
  std::vector<std::pair<std::string, std::string>> effective;
  for (const CLI::Option* option : app_.get_options()) {
    if (!HasVariable(*option)) continue;
    std::string value = option->count() > 0
                            ? absl::StrJoin(option->results(), ",")
                            : option->get_default_str();
    if (secrets_.count(option->get_name()) > 0 && !value.empty()) {
      value = "<secret>";
    }
    effective.emplace_back(option->get_lnames().front(), std::move(value));
  }
  return effective;
}

}  // namespace binferry
