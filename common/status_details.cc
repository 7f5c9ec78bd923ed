#include "common/status_details.h"

#include <cstddef>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace binferry {
namespace {

constexpr absl::string_view kPayloadUrl = "binferry.v1/StatusDetails";

// Each string as `length:bytes`, each list after its length.
class PayloadWriter {
 public:
  void Add(absl::string_view text) {
    absl::StrAppend(&bytes_, text.size(), ":", text);
  }
  void AddCount(size_t count) { Add(absl::StrCat(count)); }
  std::string Finish() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what PayloadWriter wrote; empty strings and 0 after the end.
class PayloadReader {
 public:
  explicit PayloadReader(absl::string_view bytes) : bytes_(bytes) {}

  std::string Take() {
    const size_t colon = bytes_.find(':');
    size_t size = 0;
    if (colon == absl::string_view::npos ||
        !absl::SimpleAtoi(bytes_.substr(0, colon), &size) ||
        size > bytes_.size() - colon - 1) {
      bytes_ = {};
      return "";
    }
    std::string text(bytes_.substr(colon + 1, size));
    bytes_.remove_prefix(colon + 1 + size);
    return text;
  }
  size_t TakeCount() {
    size_t count = 0;
    if (!absl::SimpleAtoi(Take(), &count) || count > bytes_.size()) return 0;
    return count;
  }

 private:
  absl::string_view bytes_;
};

std::string Encode(const StatusDetails& details) {
  PayloadWriter writer;
  writer.Add(details.reason);
  writer.AddCount(details.field_violations.size());
  for (const FieldViolation& violation : details.field_violations) {
    writer.Add(violation.field);
    writer.Add(violation.description);
  }
  writer.AddCount(details.precondition_violations.size());
  for (const PreconditionViolation& violation :
       details.precondition_violations) {
    writer.Add(violation.type);
    writer.Add(violation.subject);
    writer.Add(violation.description);
  }
  writer.AddCount(details.metadata.size());
  for (const auto& [key, value] : details.metadata) {
    writer.Add(key);
    writer.Add(value);
  }
  return std::move(writer).Finish();
}

StatusDetails Decode(absl::string_view bytes) {
  PayloadReader reader(bytes);
  StatusDetails details;
  details.reason = reader.Take();
  for (size_t left = reader.TakeCount(); left > 0; --left) {
    FieldViolation violation;
    violation.field = reader.Take();
    violation.description = reader.Take();
    details.field_violations.push_back(std::move(violation));
  }
  for (size_t left = reader.TakeCount(); left > 0; --left) {
    PreconditionViolation violation;
    violation.type = reader.Take();
    violation.subject = reader.Take();
    violation.description = reader.Take();
    details.precondition_violations.push_back(std::move(violation));
  }
  for (size_t left = reader.TakeCount(); left > 0; --left) {
    std::string key = reader.Take();
    details.metadata[std::move(key)] = reader.Take();
  }
  return details;
}

}  // namespace

absl::Status WithDetails(absl::Status status, const StatusDetails& details) {
  status.ErasePayload(kPayloadUrl);
  if (!details.empty()) {
    status.SetPayload(kPayloadUrl, absl::Cord(Encode(details)));
  }
  return status;
}

StatusDetails DetailsOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return {};
  return Decode(std::string(*payload));
}

absl::Status FieldViolationsError(
    absl::StatusCode code, const std::vector<FieldViolation>& violations) {
  if (violations.empty()) return absl::OkStatus();
  std::string message = absl::StrCat(violations.front().field, ": ",
                                     violations.front().description);
  if (violations.size() > 1) {
    absl::StrAppend(
        &message, " (and ", violations.size() - 1,
        violations.size() == 2 ? " more violation)" : " more violations)");
  }
  StatusDetails details;
  details.field_violations = violations;
  return WithDetails(absl::Status(code, message), details);
}

absl::Status InvalidFieldError(absl::string_view field,
                               absl::string_view description) {
  return FieldViolationsError(
      absl::StatusCode::kInvalidArgument,
      {{.field = std::string(field), .description = std::string(description)}});
}

std::string RenderForPeople(const absl::Status& status) {
  const StatusDetails details = DetailsOf(status);
  std::string text(status.message());
  // One violation is the whole message already.
  if (details.field_violations.size() > 1) {
    text = absl::StrCat(details.field_violations.size(),
                        " things are wrong with the request:");
    for (const FieldViolation& violation : details.field_violations) {
      absl::StrAppend(&text, "\n  ", violation.field, ": ",
                      violation.description);
    }
  }
  for (const PreconditionViolation& violation :
       details.precondition_violations) {
    if (violation.description == status.message()) continue;
    absl::StrAppend(&text, "\n  ", violation.subject, ": ",
                    violation.description);
  }
  return text;
}

}  // namespace binferry
