// Tasks that may be started, for tests of what comes after.
#ifndef BINFERRY_CONTROLLER_TESTING_READY_PRECHECK_H_
#define BINFERRY_CONTROLLER_TESTING_READY_PRECHECK_H_

namespace binferry::controller {

// Gives every task without a precheck one that found nothing to complain of.
inline constexpr char kReadyPrechecksSql[] = R"sql(
  WITH checked AS (
    INSERT INTO prechecks (task_uid, generation, time, worker)
    SELECT uid, generation, now(), 'w1' FROM tasks
    ON CONFLICT DO NOTHING RETURNING task_uid
  )
  INSERT INTO precheck_items (task_uid, place, id, title, item_group, result,
    found, wanted, cause, remedy, objects, objects_total)
  SELECT task_uid, 0, 'source_version', 'Version of the source', 'source',
    'PASSED', '9.7', '5.6 or above', '', '', '{}', 0 FROM checked
)sql";

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_TESTING_READY_PRECHECK_H_
