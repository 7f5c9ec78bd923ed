// The reports of a heartbeat as one parameter of one statement.
#ifndef BINFERRY_CONTROLLER_STORE_REPORT_JSON_H_
#define BINFERRY_CONTROLLER_STORE_REPORT_JSON_H_

#include <string>
#include <vector>

#include "controller/model/task_report.h"

namespace binferry::controller {

// An array of objects, keys as in the record that assignment_store.cc's
// statement takes apart. Absent values are null. Of the events of a report the
// newest kMaxReportedEvents.
std::string ReportsToJson(const std::vector<TaskReport>& reports);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_REPORT_JSON_H_
