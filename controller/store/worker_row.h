// Workers in rows of PostgreSQL.
#ifndef BINFERRY_CONTROLLER_STORE_WORKER_ROW_H_
#define BINFERRY_CONTROLLER_STORE_WORKER_ROW_H_

#include <string>

#include "absl/strings/string_view.h"
#include "controller/model/worker.h"
#include "controller/store/pg_connection.h"

namespace binferry::controller {

// `SELECT ... FROM workers w ` followed by `rest`, whose rows WorkerFromRow
// reads.
std::string SelectWorkers(absl::string_view rest);

Worker WorkerFromRow(const PgRow& row);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_WORKER_ROW_H_
