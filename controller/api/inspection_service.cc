#include "controller/api/inspection_service.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/resource_name.h"
#include "common/status_details.h"
#include "common/status_macros.h"
#include "controller/api/request_fields.h"
#include "controller/model/task_spec_validation.h"
#include "controller/rpc/spec_proto.h"

namespace binferry::controller {
namespace {

namespace pb = coordination::v1;

constexpr size_t kMaxNameCharacters = 64;
// UTF-8 has up to 4 bytes a character; MySQL's names up to 64 characters.
constexpr size_t kMaxNameBytes = 4 * kMaxNameCharacters;
constexpr size_t kMaxPageTokenBytes = 4096;
constexpr int kMaxItemIds = 100;

class RequestCheck {
 public:
  explicit RequestCheck(const std::string& name) {
    if (absl::Status status = TaskKeyOf(name, "name").status(); !status.ok()) {
      for (FieldViolation& violation : DetailsOf(status).field_violations) {
        Blame(violation.field, violation.description);
      }
    }
  }

  void Blame(const std::string& field, const std::string& rule) {
    violations_.push_back({.field = field, .description = rule});
  }

  void Name(const std::string& field, const std::string& text) {
    if (text.empty() || text.size() > kMaxNameBytes ||
        text.find('\0') != std::string::npos) {
      Blame(field, absl::StrCat("must be a name of 1 to ", kMaxNameCharacters,
                                " characters"));
    }
  }

  // The fields that all lists have.
  template <typename Request>
  void Page(const Request& request) {
    if (request.name_contains().size() > kMaxNameBytes ||
        request.name_contains().find('\0') != std::string::npos) {
      Blame("name_contains", absl::StrCat("must be at most ",
                                          kMaxNameCharacters, " characters"));
    }
    if (request.page_size() < 0 || request.page_size() > kMaxPageSize) {
      Blame("page_size", absl::StrCat("must be 1 to ", kMaxPageSize,
                                      ", or 0 for ", kDefaultPageSize));
    }
    if (request.page_token().size() > kMaxPageTokenBytes) {
      Blame("page_token", "is not one that this call gave");
    }
  }

  absl::Status status() { return InvalidRequest(std::move(violations_)); }

 private:
  std::vector<FieldViolation> violations_;
};

template <typename Request>
Request WithPageSize(Request request) {
  if (request.page_size() == 0) request.set_page_size(kDefaultPageSize);
  return request;
}

v1::PrecheckItem ItemToProto(const PrecheckItem& in) {
  v1::PrecheckItem out;
  out.set_id(in.id);
  out.set_title(in.title);
  out.set_group(in.group);
  out.set_result(static_cast<v1::PrecheckResult>(static_cast<int>(in.result)));
  out.set_found(in.found);
  out.set_wanted(in.wanted);
  out.set_cause(in.cause);
  out.set_remedy(in.remedy);
  for (const std::string& object : in.objects) out.add_objects(object);
  out.set_objects_total(static_cast<uint32_t>(in.objects_total));
  if (in.confirmation.has_value()) {
    out.set_confirmed(true);
    out.set_confirmed_by(in.confirmation->by);
    *out.mutable_confirm_time() = TimeToProto(in.confirmation->time);
  }
  return out;
}

}  // namespace

absl::StatusOr<pb::Probe> QuestionOf(const v1::TestConnectionRequest& request) {
  RequestCheck check(request.name());
  if (request.endpoint() != v1::ENDPOINT_SOURCE &&
      request.endpoint() != v1::ENDPOINT_DESTINATION) {
    check.Blame("endpoint", "must be ENDPOINT_SOURCE or ENDPOINT_DESTINATION");
  }
  BINFERRY_RETURN_IF_ERROR(check.status());
  pb::Probe probe;
  *probe.mutable_test_connection() = request;
  return probe;
}

absl::StatusOr<pb::Probe> QuestionOf(const v1::ListDatabasesRequest& request) {
  RequestCheck check(request.name());
  check.Page(request);
  BINFERRY_RETURN_IF_ERROR(check.status());
  pb::Probe probe;
  *probe.mutable_list_databases() = WithPageSize(request);
  return probe;
}

absl::StatusOr<pb::Probe> QuestionOf(const v1::ListTablesRequest& request) {
  RequestCheck check(request.name());
  check.Name("database", request.database());
  check.Page(request);
  BINFERRY_RETURN_IF_ERROR(check.status());
  pb::Probe probe;
  *probe.mutable_list_tables() = WithPageSize(request);
  return probe;
}

absl::StatusOr<pb::Probe> QuestionOf(const v1::ListColumnsRequest& request) {
  RequestCheck check(request.name());
  check.Name("database", request.database());
  check.Name("table", request.table());
  BINFERRY_RETURN_IF_ERROR(check.status());
  pb::Probe probe;
  *probe.mutable_list_columns() = request;
  return probe;
}

absl::StatusOr<pb::Probe> QuestionOf(const v1::ListTopicsRequest& request) {
  RequestCheck check(request.name());
  check.Page(request);
  BINFERRY_RETURN_IF_ERROR(check.status());
  pb::Probe probe;
  *probe.mutable_list_topics() = WithPageSize(request);
  return probe;
}

absl::StatusOr<pb::Probe> QuestionOf(
    const v1::GetSourcePositionRequest& request) {
  BINFERRY_RETURN_IF_ERROR(RequestCheck(request.name()).status());
  pb::Probe probe;
  *probe.mutable_get_source_position() = request;
  return probe;
}

absl::StatusOr<pb::Probe> QuestionOf(const v1::RunPrecheckRequest& request) {
  BINFERRY_RETURN_IF_ERROR(RequestCheck(request.name()).status());
  pb::Probe probe;
  *probe.mutable_run_precheck() = request;
  return probe;
}

v1::Precheck ToProto(const std::string& task, const Precheck& precheck) {
  v1::Precheck out;
  out.set_task(task);
  out.set_generation(precheck.generation.value());
  *out.mutable_time() = TimeToProto(precheck.time);
  out.set_worker(precheck.worker);
  for (const PrecheckItem& item : precheck.items) {
    *out.add_items() = ItemToProto(item);
  }
  out.set_ready(Summarize(precheck.items).ready);
  return out;
}

absl::Status InspectionService::CheckComplete(const TaskKey& task) {
  BINFERRY_ASSIGN_OR_RETURN(const Task found, tasks_->Get(task));
  BINFERRY_ASSIGN_OR_RETURN(const v1::Task document, ParseDocument(found.spec));
  std::vector<FieldViolation> ignored;  // Found when it was stored.
  const std::vector<std::string> missing =
      IncompleteFields(SpecFromProto(document, &ignored));
  if (missing.empty()) return absl::OkStatus();
  StatusDetails details;
  details.reason = "TASK_INCOMPLETE";
  for (const std::string& field : missing) {
    details.precondition_violations.push_back(
        {.type = "FIELD",
         .subject = field,
         .description = "must be set before the task can be checked"});
  }
  return WithDetails(
      absl::FailedPreconditionError(absl::StrCat(
          "the task is not defined whole: ", absl::StrJoin(missing, " and "),
          missing.size() == 1 ? " is" : " are",
          " not set; update the task, then check it")),
      details);
}

absl::StatusOr<v1::Precheck> InspectionService::GetPrecheck(
    const v1::GetPrecheckRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(const TaskKey key,
                            TaskKeyOf(request.name(), "name"));
  BINFERRY_ASSIGN_OR_RETURN(const Precheck precheck, prechecks_->Get(key));
  return ToProto(request.name(), precheck);
}

absl::StatusOr<v1::Precheck> InspectionService::ConfirmPrecheck(
    const v1::ConfirmPrecheckRequest& request, const std::string& caller) {
  RequestCheck check(request.name());
  if (request.item_ids().empty() || request.item_ids_size() > kMaxItemIds) {
    check.Blame("item_ids", absl::StrCat("must be 1 to ", kMaxItemIds,
                                         " ids of items of the precheck"));
  }
  BINFERRY_RETURN_IF_ERROR(check.status());
  BINFERRY_ASSIGN_OR_RETURN(const TaskKey key,
                            TaskKeyOf(request.name(), "name"));
  const std::set<std::string> ids(request.item_ids().begin(),
                                  request.item_ids().end());
  BINFERRY_ASSIGN_OR_RETURN(const Precheck precheck,
                            prechecks_->Confirm(key, ids, caller));
  return ToProto(request.name(), precheck);
}

}  // namespace binferry::controller
