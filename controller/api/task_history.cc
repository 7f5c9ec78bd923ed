#include "controller/api/task_history.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status_details.h"
#include "common/status_macros.h"
#include "controller/api/page_token.h"
#include "controller/api/request_fields.h"
#include "controller/api/task_proto.h"
#include "controller/rpc/spec_proto.h"

namespace binferry::controller {
namespace {

// `query` names the listing that the token is bound to.
absl::StatusOr<std::optional<int64_t>> PlaceOf(const std::string& query,
                                               const std::string& token) {
  if (token.empty()) return std::optional<int64_t>();
  BINFERRY_ASSIGN_OR_RETURN(const std::vector<std::string> parts,
                            DecodePageToken(query, token, 1));
  int64_t place = 0;
  if (!absl::SimpleAtoi(parts[0], &place)) {
    return InvalidFieldError("page_token", "is not one that this call gave");
  }
  return std::optional<int64_t>(place);
}

std::string TokenOf(const std::string& query,
                    const std::optional<int64_t>& next) {
  return next.has_value() ? EncodePageToken(query, {absl::StrCat(*next)}) : "";
}

absl::StatusOr<TaskLogLevel> LevelOf(v1::LogLevel level) {
  switch (static_cast<int>(level)) {
    case v1::LOG_LEVEL_UNSPECIFIED:
    case v1::LOG_LEVEL_INFO:
      return TaskLogLevel::kInfo;
    case v1::LOG_LEVEL_WARNING:
      return TaskLogLevel::kWarning;
    case v1::LOG_LEVEL_ERROR:
      return TaskLogLevel::kError;
  }
  return InvalidFieldError(
      "min_level", absl::StrCat("has no value ", static_cast<int>(level)));
}

}  // namespace

absl::StatusOr<v1::ListTaskEventsResponse> TaskHistory::ListEvents(
    const v1::ListTaskEventsRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(const TaskKey key,
                            TaskKeyOf(request.name(), "name"));
  HistoryStore::EventQuery query;
  query.only_actions = request.only_actions();
  BINFERRY_ASSIGN_OR_RETURN(query.limit, PageSizeOf(request.page_size()));
  const std::string bound = absl::StrCat("events ", request.name(), " ",
                                         request.only_actions() ? 1 : 0);
  BINFERRY_ASSIGN_OR_RETURN(query.before, PlaceOf(bound, request.page_token()));
  BINFERRY_ASSIGN_OR_RETURN(const HistoryPage<TaskEvent> page,
                            store_->ListEvents(key, query));
  v1::ListTaskEventsResponse response;
  for (const TaskEvent& event : page.entries) {
    *response.add_events() = EventToProto(event);
  }
  response.set_next_page_token(TokenOf(bound, page.next));
  return response;
}

absl::StatusOr<v1::ListTaskLogsResponse> TaskHistory::ListLogs(
    const v1::ListTaskLogsRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(const TaskKey key,
                            TaskKeyOf(request.name(), "name"));
  HistoryStore::LogQuery query;
  BINFERRY_ASSIGN_OR_RETURN(query.limit, PageSizeOf(request.page_size()));
  BINFERRY_ASSIGN_OR_RETURN(query.min_level, LevelOf(request.min_level()));
  const std::string bound =
      absl::StrCat("logs ", request.name(), " ", request.min_level());
  BINFERRY_ASSIGN_OR_RETURN(query.before, PlaceOf(bound, request.page_token()));
  BINFERRY_ASSIGN_OR_RETURN(const HistoryPage<TaskLogLine> page,
                            store_->ListLogLines(key, query));
  v1::ListTaskLogsResponse response;
  for (const TaskLogLine& line : page.entries) {
    v1::TaskLogLine* const out = response.add_lines();
    *out->mutable_time() = TimeToProto(line.time);
    out->set_level(static_cast<v1::LogLevel>(static_cast<int>(line.level)));
    out->set_message(line.message);
    out->set_worker(line.worker);
  }
  response.set_next_page_token(TokenOf(bound, page.next));
  return response;
}

}  // namespace binferry::controller
