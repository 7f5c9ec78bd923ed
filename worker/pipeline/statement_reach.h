// Which tables a statement in text form may have changed.
#ifndef BINFERRY_WORKER_PIPELINE_STATEMENT_REACH_H_
#define BINFERRY_WORKER_PIPELINE_STATEMENT_REACH_H_

#include "worker/binlog/events.h"
#include "worker/select/object_selection.h"

namespace binferry::worker {

// Whether a statement that changes rows may have changed some of a selected
// database. Never misses one: what the source tells of the databases counts,
// which has those of triggers, views, functions and foreign keys in it, and
// where it tells nothing the answer is yes. But for one statement: the DELETE
// FROM `database`.`table` that a source writes by itself for a MEMORY table
// that a restart has emptied.
bool MayChangeRows(const QueryEvent& query, const TableSelector& selector);

// Whether a statement that defines tables may concern some of a selected
// database; where the source doesn't tell, judged by its text.
bool MayDefineTables(const QueryEvent& query, const TableSelector& selector);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_STATEMENT_REACH_H_
