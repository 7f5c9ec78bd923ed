#include "controller/store/task_list_query.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/store/task_row.h"

namespace binferry::controller {
namespace {

constexpr int kMaxPage = 1'000;

}  // namespace

TaskListQuery MakeTaskListQuery(const TaskFilter& filter) {
  TaskListQuery query;
  std::vector<std::string> conditions;
  int number = 0;
  // The text of the next parameter.
  const auto next = [&number] { return absl::StrCat("$", ++number); };
  const TaskKey after = filter.after.value_or(TaskKey());
  if (filter.project.empty()) {
    const std::string project = next();
    conditions.push_back(
        absl::StrCat("(t.project, t.task_id) > (", project, ", ", next(), ")"));
    query.params.Text(after.project).Text(after.task_id);
  } else {
    conditions.push_back(absl::StrCat("t.project = ", next()));
    query.params.Text(filter.project);
    conditions.push_back(absl::StrCat("t.task_id > ", next()));
    query.params.Text(after.task_id);
  }
  if (!filter.states.empty()) {
    std::vector<std::string> states;
    for (const TaskState state : filter.states) {
      states.emplace_back(TaskStateName(state));
    }
    conditions.push_back(absl::StrCat("t.state = ANY (", next(), "::text[])"));
    query.params.TextArray(states);
  }
  if (!filter.id_contains.empty()) {
    conditions.push_back(
        absl::StrCat("position(", next(), " IN t.task_id) > 0"));
    query.params.Text(filter.id_contains);
  }
  if (!filter.tags.empty()) {
    conditions.push_back(absl::StrCat("t.tags @> ", next(), "::jsonb"));
    query.params.TextMap(filter.tags);
  }
  if (!filter.region.empty()) {
    conditions.push_back(absl::StrCat("t.region = ", next()));
    query.params.Text(filter.region);
  }
  query.sql = SelectTasks(
      filter.document,
      absl::StrCat("WHERE ", absl::StrJoin(conditions, " AND "),
                   " ORDER BY t.project, t.task_id LIMIT ", next()));
  query.params.Int(std::clamp(filter.limit, 1, kMaxPage + 1));
  return query;
}

}  // namespace binferry::controller
