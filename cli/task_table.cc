#include "cli/task_table.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "cli/text_table.h"
#include "cli/time_text.h"

namespace binferry::cli {

std::string IdOf(const std::string& name) {
  return name.substr(name.rfind('/') + 1);
}

std::string LagOf(const v1::TaskStatus& status) {
  return status.has_lag() ? Briefly(status.lag()) : "?";
}

std::string StateName(v1::TaskState state) {
  std::string name = v1::TaskState_Name(state);
  return std::string(absl::StripPrefix(name, "TASK_STATE_"));
}

std::string TaskTable(const std::vector<v1::Task>& tasks, absl::Time now) {
  std::vector<std::vector<std::string>> rows = {{"NAME", "STATE", "LAG",
                                                 "RECORDS", "RECORDS/S",
                                                 "WORKER", "AGE", "ERROR"}};
  for (const v1::Task& task : tasks) {
    const v1::TaskStatus& status = task.status();
    rows.push_back(
        {IdOf(task.name()), StateName(status.state()), LagOf(status),
         absl::StrCat(status.counters().records()),
         absl::StrFormat("%.1f", status.rates().records_per_second()),
         status.worker().empty() ? "-" : status.worker(),
         Roughly(now - ToTime(task.create_time())),
         status.last_error().code()});
  }
  return FormatTable(rows);
}

std::string WorkerTable(const std::vector<v1::Worker>& workers,
                        absl::Time now) {
  std::vector<std::vector<std::string>> rows = {{"NAME", "STATE", "REGION",
                                                 "ZONE", "TASKS", "SLOTS",
                                                 "HEARD", "VERSION"}};
  for (const v1::Worker& worker : workers) {
    const std::string state = v1::WorkerState_Name(worker.state());
    rows.push_back({IdOf(worker.name()),
                    std::string(absl::StripPrefix(state, "WORKER_STATE_")),
                    worker.region(), worker.availability_zone(),
                    absl::StrCat(worker.slots_used()),
                    absl::StrCat(worker.slots()),
                    Ago(worker.last_heartbeat_time(), now), worker.version()});
  }
  return FormatTable(rows);
}

}  // namespace binferry::cli
