// events, logs: what was done with a task and what its workers said.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cli/commands/command.h"
#include "cli/text_table.h"
#include "cli/time_text.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

constexpr int kPageSize = 1000;

struct HistoryArguments {
  std::string name;
  std::string level = "INFO";
  int limit = 100;
  bool only_actions = false;
};

std::string EventTable(const v1::ListTaskEventsResponse& events) {
  std::vector<std::vector<std::string>> rows = {
      {"TIME", "REASON", "ACTOR", "RESULT", "MESSAGE"}};
  for (const v1::TaskEvent& event : events.events()) {
    rows.push_back({Clock(event.time()), event.reason(), event.actor(),
                    event.result(), event.message()});
  }
  return FormatTable(rows);
}

std::string LogLines(const v1::ListTaskLogsResponse& logs) {
  std::string text;
  for (const v1::TaskLogLine& line : logs.lines()) {
    const std::string level = v1::LogLevel_Name(line.level());
    absl::StrAppend(&text, Clock(line.time()), "  ",
                    absl::StripPrefix(level, "LOG_LEVEL_"), "  ", line.worker(),
                    "  ", line.message(), "\n");
  }
  return text;
}

// Pages of `call`, which answers newest first, until there are `limit` of what
// `items` names; oldest first.
template <typename Response, typename Request, typename Call, typename Items>
absl::StatusOr<Response> Newest(Request request, int limit, Call call,
                                Items items) {
  Response all;
  do {
    const int left = limit - items(&all)->size();
    request.set_page_size(std::min(left, kPageSize));
    BINFERRY_ASSIGN_OR_RETURN(Response page, call(request));
    request.set_page_token(page.next_page_token());
    page.clear_next_page_token();
    all.MergeFrom(page);
  } while (!request.page_token().empty() && items(&all)->size() < limit);
  std::reverse(items(&all)->begin(), items(&all)->end());
  return all;
}

absl::Status ShowEvents(const HistoryArguments& arguments, Session* session) {
  BINFERRY_ASSIGN_OR_RETURN(auto* tasks, session->tasks());
  v1::ListTaskEventsRequest request;
  request.set_name(session->TaskNameOf(arguments.name));
  request.set_only_actions(arguments.only_actions);
  BINFERRY_ASSIGN_OR_RETURN(
      const v1::ListTaskEventsResponse events,
      Newest<v1::ListTaskEventsResponse>(
          request, arguments.limit,
          [&](const v1::ListTaskEventsRequest& page) {
            return session->Call<v1::ListTaskEventsResponse>(
                [&](auto* rpc, auto* response) {
                  return tasks->ListTaskEvents(rpc, page, response);
                });
          },
          [](v1::ListTaskEventsResponse* all) {
            return all->mutable_events();
          }));
  Print(events, EventTable(events), *session);
  return absl::OkStatus();
}

absl::Status ShowLogs(const HistoryArguments& arguments, Session* session) {
  BINFERRY_ASSIGN_OR_RETURN(auto* tasks, session->tasks());
  v1::ListTaskLogsRequest request;
  request.set_name(session->TaskNameOf(arguments.name));
  v1::LogLevel level = v1::LOG_LEVEL_UNSPECIFIED;
  v1::LogLevel_Parse(
      absl::StrCat("LOG_LEVEL_", absl::AsciiStrToUpper(arguments.level)),
      &level);
  request.set_min_level(level);
  BINFERRY_ASSIGN_OR_RETURN(
      const v1::ListTaskLogsResponse logs,
      Newest<v1::ListTaskLogsResponse>(
          request, arguments.limit,
          [&](const v1::ListTaskLogsRequest& page) {
            return session->Call<v1::ListTaskLogsResponse>(
                [&](auto* rpc, auto* response) {
                  return tasks->ListTaskLogs(rpc, page, response);
                });
          },
          [](v1::ListTaskLogsResponse* all) { return all->mutable_lines(); }));
  Print(logs, LogLines(logs), *session);
  return absl::OkStatus();
}

}  // namespace

void AddTaskHistoryCommands(CLI::App* parent, Session* session,
                            Action* action) {
  auto arguments = std::make_shared<HistoryArguments>();
  const auto add = [=](const char* name, const char* description) {
    CLI::App* const command = parent->add_subcommand(name, description);
    command->add_option("NAME", arguments->name, "The task")->required();
    command->add_option("--limit", arguments->limit, "The newest so many")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    return command;
  };

  CLI::App* const events =
      add("events", "What users and Binferry did with a task, oldest first");
  events->footer("Example: binferry task events orders --actions --limit 20");
  events->add_flag("--actions", arguments->only_actions, "Only what users did");
  events->callback([=] {
    *action = [=] {
      return ExitCodeOf(ShowEvents(*arguments, session), *session);
    };
  });

  CLI::App* const logs =
      add("logs", "What the task's workers logged about it, oldest first");
  logs->footer("Example: binferry task logs orders --level WARNING");
  logs->add_option("--level", arguments->level, "This level and above")
      ->check(CLI::IsMember({"INFO", "WARNING", "ERROR"}, CLI::ignore_case))
      ->capture_default_str();
  logs->callback([=] {
    *action = [=] {
      return ExitCodeOf(ShowLogs(*arguments, session), *session);
    };
  });
}

}  // namespace binferry::cli
