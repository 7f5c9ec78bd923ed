// What a worker logs about one task.
#ifndef BINFERRY_WORKER_AGENT_TASK_LOG_H_
#define BINFERRY_WORKER_AGENT_TASK_LOG_H_

#include <initializer_list>

#include "absl/strings/string_view.h"
#include "common/ids.h"
#include "common/log.h"
#include "worker/agent/task_journal.h"

namespace binferry::worker {

// Each line goes to the process's log, with the task's uid and epoch, and from
// INFO on to the journal, for whoever asks through the API: as
// `message: key=value key=value`. As everywhere, neither secrets nor values of
// rows. Thread-safe.
class TaskLog {
 public:
  // `journal` must outlive this object.
  TaskLog(const TaskUid& uid, Epoch epoch, TaskJournal* journal)
      : uid_(uid), epoch_(epoch), journal_(journal) {}

  void Info(absl::string_view message,
            std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kInfo, message, fields);
  }
  void Warning(absl::string_view message,
               std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kWarning, message, fields);
  }
  void Error(absl::string_view message,
             std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kError, message, fields);
  }

 private:
  void Write(LogLevel level, absl::string_view message,
             std::initializer_list<LogField> fields);

  const TaskUid uid_;
  const Epoch epoch_;
  TaskJournal* const journal_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_TASK_LOG_H_
