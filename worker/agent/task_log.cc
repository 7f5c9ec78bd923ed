#include "worker/agent/task_log.h"

#include <vector>

#include "absl/strings/str_cat.h"

namespace binferry::worker {

void TaskLog::Write(LogLevel level, absl::string_view message,
                    std::initializer_list<LogField> fields) {
  std::vector<LogField> all = {{"task_uid", uid_.value()},
                               {"epoch", epoch_.value()}};
  all.insert(all.end(), fields.begin(), fields.end());
  Log(level, message, all);
  journal_->AddLogLine(
      level, fields.size() == 0
                 ? std::string(message)
                 : absl::StrCat(message, ": ", FormatLogFields(fields)));
}

}  // namespace binferry::worker
