#include "controller/store/precheck_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status_details.h"
#include "common/status_macros.h"
#include "controller/store/notify.h"
#include "controller/store/task_read.h"
#include "controller/store/transact.h"

namespace binferry::controller {
namespace {

PrecheckItem ItemFromRow(const PgRow& row) {
  PrecheckItem item;
  item.id = row.Text("id");
  item.title = row.Text("title");
  item.group = row.Text("item_group");
  item.result =
      ParsePrecheckResult(row.Text("result")).value_or(PrecheckResult::kVoid);
  item.found = row.Text("found");
  item.wanted = row.Text("wanted");
  item.cause = row.Text("cause");
  item.remedy = row.Text("remedy");
  item.objects = row.TextArray("objects");
  item.objects_total = row.Int("objects_total");
  if (!row.IsNull("confirm_time")) {
    item.confirmation = PrecheckConfirmation{.by = row.Text("confirmed_by"),
                                             .time = row.Time("confirm_time")};
  }
  return item;
}

absl::StatusOr<std::vector<PrecheckItem>> ReadItems(
    const TaskUid& uid, PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      transaction->Execute("SELECT * FROM precheck_items WHERE task_uid = $1 "
                           "ORDER BY place",
                           PgParams().Text(uid.value())));
  std::vector<PrecheckItem> items;
  for (size_t i = 0; i < rows.size(); ++i) {
    items.push_back(ItemFromRow(rows[i]));
  }
  return items;
}

absl::Status WriteItem(const TaskUid& uid, int64_t place,
                       const PrecheckItem& item, PgTransaction* transaction) {
  PgParams params;
  params.Text(uid.value())
      .Int(place)
      .Text(item.id)
      .Text(item.title)
      .Text(item.group)
      .Text(PrecheckResultName(item.result))
      .Text(item.found)
      .Text(item.wanted)
      .Text(item.cause)
      .Text(item.remedy)
      .TextArray(item.objects)
      .Int(item.objects_total);
  if (item.confirmation.has_value()) {
    params.Text(item.confirmation->by).Time(item.confirmation->time);
  } else {
    params.OptionalText(std::nullopt).OptionalTime(std::nullopt);
  }
  return transaction
      ->Execute(
          "INSERT INTO precheck_items (task_uid, place, id, title, "
          "item_group, result, found, wanted, cause, remedy, objects, "
          "objects_total, confirmed_by, confirm_time) VALUES ($1, $2, $3, $4, "
          "$5, $6, $7, $8, $9, $10, $11::text[], $12, $13, $14)",
          params)
      .status();
}

absl::StatusOr<Precheck> ReadPrecheck(const Task& task,
                                      PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      transaction->Execute("SELECT generation, time, worker FROM prechecks "
                           "WHERE task_uid = $1",
                           PgParams().Text(task.uid.value())));
  if (rows.empty()) {
    return absl::NotFoundError(absl::StrCat(
        "task projects/", task.key.project, "/tasks/", task.key.task_id,
        " was not checked yet: run its precheck (binferry task "
        "check ",
        task.key.task_id, ")"));
  }
  Precheck precheck = {.generation = Generation(rows[0].Int("generation")),
                       .time = rows[0].Time("time"),
                       .worker = rows[0].Text("worker"),
                       .items = {}};
  BINFERRY_ASSIGN_OR_RETURN(precheck.items, ReadItems(task.uid, transaction));
  return precheck;
}

absl::Status CheckAreAlarms(const Precheck& precheck,
                            const std::set<std::string>& ids) {
  std::set<std::string> others = ids;
  std::vector<std::string> alarms;
  for (const PrecheckItem& item : precheck.items) {
    if (item.result != PrecheckResult::kAlarm) continue;
    others.erase(item.id);
    alarms.push_back(item.id);
  }
  if (others.empty()) return absl::OkStatus();
  return InvalidFieldError(
      "item_ids",
      absl::StrCat("names what is no ALARM of the last precheck: ",
                   absl::StrJoin(others, ", "), "; those are ",
                   alarms.empty() ? "none" : absl::StrJoin(alarms, ", ")));
}

absl::StatusOr<Precheck> ConfirmIn(const TaskKey& key,
                                   const std::set<std::string>& ids,
                                   const std::string& by,
                                   PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(const Task task, LockTask(transaction, key));
  BINFERRY_ASSIGN_OR_RETURN(const Precheck precheck,
                            ReadPrecheck(task, transaction));
  BINFERRY_RETURN_IF_ERROR(CheckAreAlarms(precheck, ids));
  BINFERRY_RETURN_IF_ERROR(
      transaction
          ->Execute("UPDATE precheck_items SET confirmed_by = $3, "
                    "confirm_time = now() WHERE task_uid = $1 AND "
                    "id = ANY ($2::text[]) AND result = 'ALARM' AND "
                    "confirm_time IS NULL",
                    PgParams()
                        .Text(task.uid.value())
                        .TextArray({ids.begin(), ids.end()})
                        .Text(by))
          .status());
  BINFERRY_RETURN_IF_ERROR(Notify(
      transaction,
      {{.kind = Change::Kind::kTask, .uid = task.uid, .task = task.key}}));
  return ReadPrecheck(task, transaction);
}

}  // namespace

absl::Status KeepPrecheck(const TaskUid& uid, Precheck precheck,
                          Generation present, PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(const std::vector<PrecheckItem> before,
                            ReadItems(uid, transaction));
  KeepConfirmations(before, &precheck.items);
  BINFERRY_RETURN_IF_ERROR(RemovePrecheck(uid, transaction));
  BINFERRY_RETURN_IF_ERROR(
      transaction
          ->Execute("INSERT INTO prechecks (task_uid, generation, time, "
                    "worker) VALUES ($1, $2, $3, $4)",
                    PgParams()
                        .Text(uid.value())
                        .Int(precheck.generation.value())
                        .Time(precheck.time)
                        .Text(precheck.worker))
          .status());
  for (size_t i = 0; i < precheck.items.size(); ++i) {
    PrecheckItem& item = precheck.items[i];
    if (precheck.generation != present) {
      item.result = PrecheckResult::kVoid;
      item.confirmation.reset();
    }
    BINFERRY_RETURN_IF_ERROR(
        WriteItem(uid, static_cast<int64_t>(i), item, transaction));
  }
  return absl::OkStatus();
}

absl::Status VoidItems(const TaskUid& uid,
                       const std::set<std::string>& prefixes,
                       PgTransaction* transaction) {
  if (prefixes.empty()) return absl::OkStatus();
  return transaction
      ->Execute(
          "UPDATE precheck_items SET result = 'VOID', "
          "confirmed_by = NULL, confirm_time = NULL WHERE task_uid = $1 "
          "AND split_part(id, '_', 1) = ANY ($2::text[])",
          PgParams()
              .Text(uid.value())
              .TextArray({prefixes.begin(), prefixes.end()}))
      .status();
}

absl::Status RemovePrecheck(const TaskUid& uid, PgTransaction* transaction) {
  return transaction
      ->Execute("DELETE FROM prechecks WHERE task_uid = $1",
                PgParams().Text(uid.value()))
      .status();
}

absl::StatusOr<std::optional<PrecheckSummary>> ReadPrecheckSummary(
    const TaskUid& uid, PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      transaction->Execute("SELECT 1 AS one FROM prechecks WHERE task_uid = $1",
                           PgParams().Text(uid.value())));
  if (rows.empty()) return std::optional<PrecheckSummary>();
  BINFERRY_ASSIGN_OR_RETURN(const std::vector<PrecheckItem> items,
                            ReadItems(uid, transaction));
  return std::optional<PrecheckSummary>(Summarize(items));
}

absl::StatusOr<Precheck> PrecheckStore::Get(const TaskKey& task) {
  return TransactFor<Precheck>(
      pool_, [&](PgTransaction* transaction) -> absl::StatusOr<Precheck> {
        BINFERRY_ASSIGN_OR_RETURN(const Task found,
                                  ReadTask(transaction, task));
        return ReadPrecheck(found, transaction);
      });
}

absl::StatusOr<Precheck> PrecheckStore::Confirm(
    const TaskKey& task, const std::set<std::string>& ids,
    const std::string& by) {
  return TransactFor<Precheck>(pool_, [&](PgTransaction* transaction) {
    return ConfirmIn(task, ids, by, transaction);
  });
}

}  // namespace binferry::controller
