// Shell completion, made from the commands themselves.
#include <memory>
#include <ostream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/commands/command.h"
#include "common/exit_code.h"

namespace binferry::cli {
namespace {

// A command and what may follow it.
struct Place {
  std::vector<std::string> path;  // Subcommands, e.g. "task", "create".
  std::vector<std::string> subcommands;
  std::vector<std::string> flags;
};

void Collect(const CLI::App& app, const std::vector<std::string>& path,
             std::vector<Place>* places) {
  Place place{.path = path, .subcommands = {}, .flags = {}};
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      place.flags.push_back("--" + name);
    }
  }
  const auto all = [](const CLI::App*) { return true; };
  const std::vector<const CLI::App*> subcommands = app.get_subcommands(all);
  for (const CLI::App* command : subcommands) {
    place.subcommands.push_back(command->get_name());
  }
  places->push_back(place);
  for (const CLI::App* command : subcommands) {
    std::vector<std::string> longer = path;
    longer.push_back(command->get_name());
    Collect(*command, longer, places);
  }
}

// The words before the cursor without flags name the place.
std::string BashScript(const std::vector<Place>& places) {
  std::string cases;
  for (const Place& place : places) {
    absl::StrAppend(&cases, "    \"", absl::StrJoin(place.path, " "),
                    "\") words=\"", absl::StrJoin(place.subcommands, " "), " ",
                    absl::StrJoin(place.flags, " "), "\" ;;\n");
  }
  return absl::StrCat(
      "_binferry() {\n"
      "  local place=\"\" words=\"\" word i\n"
      "  for ((i = 1; i < COMP_CWORD && i <= 2; i++)); do\n"
      "    word=\"${COMP_WORDS[i]}\"\n"
      "    [[ $word == -* ]] && break\n"
      "    place=\"${place:+$place }$word\"\n"
      "  done\n"
      "  case \"$place\" in\n",
      cases,
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- "
      "\"${COMP_WORDS[COMP_CWORD]}\"))\n"
      "}\n"
      "complete -o default -F _binferry binferry\n");
}

std::string FishScript(const std::vector<Place>& places) {
  std::string script;
  for (const Place& place : places) {
    std::string condition =
        place.path.empty()
            ? "__fish_use_subcommand"
            : absl::StrCat("__fish_seen_subcommand_from ", place.path.back());
    for (const std::string& word : place.subcommands) {
      absl::StrAppend(&script, "complete -c binferry -f -n '", condition,
                      "' -a ", word, "\n");
    }
    for (const std::string& flag : place.flags) {
      absl::StrAppend(&script, "complete -c binferry -n '",
                      place.path.empty() ? "true" : condition, "' -l ",
                      flag.substr(2), "\n");
    }
  }
  return script;
}

}  // namespace

void AddCompletionCommand(CLI::App* root, Session* session, Action* action) {
  auto shell = std::make_shared<std::string>();
  CLI::App* const completion =
      root->add_subcommand("completion",
                           "Print completion for a shell: source <(binferry "
                           "completion bash)");
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([=] {
    *action = [=] {
      std::vector<Place> places;
      Collect(*root, {}, &places);
      if (*shell == "fish") {
        session->out() << FishScript(places);
      } else {
        session->out() << (*shell == "zsh"
                               ? "autoload -U +X bashcompinit && bashcompinit\n"
                               : "")
                       << BashScript(places);
      }
      return kExitOk;
    };
  });
}

}  // namespace binferry::cli
