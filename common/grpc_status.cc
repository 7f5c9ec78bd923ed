#include "common/grpc_status.h"

#include <google/protobuf/any.pb.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "binferry/v1/error_details.pb.h"
#include "common/status_details.h"

namespace binferry {
namespace {

constexpr absl::string_view kTypeUrlPrefix = "type.googleapis.com/google.rpc.";
constexpr absl::string_view kBadRequest = "BadRequest";
constexpr absl::string_view kErrorInfo = "ErrorInfo";
constexpr absl::string_view kPreconditionFailure = "PreconditionFailure";
constexpr char kDomain[] = "binferry";

// A status travels in HTTP/2 trailers, which peers bound at 8 KiB by default.
// More violations than fit are left out; the message says how many there were.
constexpr size_t kMaxDetailsBytes = 5 * 1024;
constexpr size_t kMaxMessageBytes = 2 * 1024;

template <typename Message>
void AddDetail(absl::string_view type, const Message& message,
               v1::Status* status) {
  google::protobuf::Any* any = status->add_details();
  any->set_type_url(absl::StrCat(kTypeUrlPrefix, type));
  any->set_value(message.SerializeAsString());
}

v1::BadRequest ToBadRequest(const StatusDetails& details) {
  v1::BadRequest bad_request;
  size_t bytes = 0;
  for (const FieldViolation& violation : details.field_violations) {
    bytes += violation.field.size() + violation.description.size() + 8;
    if (bytes > kMaxDetailsBytes) break;
    auto* out = bad_request.add_field_violations();
    out->set_field(violation.field);
    out->set_description(violation.description);
  }
  return bad_request;
}

std::string SerializeDetails(const absl::Status& status,
                             const StatusDetails& details) {
  v1::Status out;
  out.set_code(static_cast<int>(status.code()));
  out.set_message(std::string(status.message().substr(0, kMaxMessageBytes)));
  if (!details.field_violations.empty()) {
    AddDetail(kBadRequest, ToBadRequest(details), &out);
  }
  if (!details.reason.empty() || !details.metadata.empty()) {
    v1::ErrorInfo info;
    info.set_reason(details.reason);
    info.set_domain(kDomain);
    for (const auto& [key, value] : details.metadata) {
      (*info.mutable_metadata())[key] = value;
    }
    AddDetail(kErrorInfo, info, &out);
  }
  if (!details.precondition_violations.empty()) {
    v1::PreconditionFailure failure;
    for (const PreconditionViolation& violation :
         details.precondition_violations) {
      auto* item = failure.add_violations();
      item->set_type(violation.type);
      item->set_subject(violation.subject);
      item->set_description(violation.description);
    }
    AddDetail(kPreconditionFailure, failure, &out);
  }
  return out.SerializeAsString();
}

void TakeDetail(const google::protobuf::Any& any, StatusDetails* details) {
  absl::string_view type = any.type_url();
  if (type.substr(0, kTypeUrlPrefix.size()) != kTypeUrlPrefix) return;
  type.remove_prefix(kTypeUrlPrefix.size());
  if (type == kBadRequest) {
    v1::BadRequest bad_request;
    if (!bad_request.ParseFromString(any.value())) return;
    for (const auto& violation : bad_request.field_violations()) {
      details->field_violations.push_back(
          {.field = violation.field(), .description = violation.description()});
    }
  } else if (type == kErrorInfo) {
    v1::ErrorInfo info;
    if (!info.ParseFromString(any.value())) return;
    details->reason = info.reason();
    details->metadata.insert(info.metadata().begin(), info.metadata().end());
  } else if (type == kPreconditionFailure) {
    v1::PreconditionFailure failure;
    if (!failure.ParseFromString(any.value())) return;
    for (const auto& violation : failure.violations()) {
      details->precondition_violations.push_back(
          {.type = violation.type(),
           .subject = violation.subject(),
           .description = violation.description()});
    }
  }
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::string message(status.message().substr(0, kMaxMessageBytes));
  const StatusDetails details = DetailsOf(status);
  if (details.empty()) return grpc::Status(code, message);
  return grpc::Status(code, message, SerializeDetails(status, details));
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status out(static_cast<absl::StatusCode>(status.error_code()),
                   status.error_message());
  v1::Status wire;
  if (status.error_details().empty() ||
      !wire.ParseFromString(status.error_details())) {
    return out;
  }
  StatusDetails details;
  for (const google::protobuf::Any& any : wire.details()) {
    TakeDetail(any, &details);
  }
  return WithDetails(std::move(out), details);
}

std::optional<absl::StatusCode> StatusCodeOf(absl::string_view name) {
  for (int code = 0; code <= 16; ++code) {
    const auto status_code = static_cast<absl::StatusCode>(code);
    if (absl::StatusCodeToString(status_code) == name) return status_code;
  }
  return std::nullopt;
}

}  // namespace binferry
