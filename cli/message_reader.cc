#include "cli/message_reader.h"

#include <google/protobuf/util/time_util.h>

#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/nearest_word.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::EnumValueDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

std::string Join(const std::string& path, absl::string_view part) {
  return path.empty() ? std::string(part) : absl::StrCat(path, ".", part);
}

const FieldDescriptor* FindField(const Descriptor& type,
                                 const std::string& key) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* const field = type.field(i);
    if (field->name() == key || field->json_name() == key) return field;
  }
  return nullptr;
}

// TLS_MODE for TlsMode: what the proto puts before each value.
std::string EnumPrefix(const EnumDescriptor& type) {
  const std::string& first = type.value(0)->name();
  constexpr absl::string_view kEnd = "UNSPECIFIED";
  return first.substr(0, first.size() - kEnd.size());
}

bool IsTime(const FieldDescriptor& field) {
  return field.message_type()->full_name() == "google.protobuf.Timestamp";
}

const char* TypeName(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return "a whole number";
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return "a whole number that is not negative";
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "a number";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return "one of the names";
    case FieldDescriptor::CPPTYPE_STRING:
      return "a text";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return "a map";
  }
  return "a value";
}

}  // namespace

absl::Status MessageReader::Error(const YAML::Node& node,
                                  absl::string_view message) const {
  const int line = node.Mark().line;
  return absl::InvalidArgumentError(
      line < 0 ? absl::StrCat("--set: ", message)
               : absl::StrCat(options_.name, ":", line + 1, ": ", message));
}

absl::Status MessageReader::Read(const YAML::Node& node, Message* message) {
  return ReadMessage(node, "", message);
}

absl::Status MessageReader::UnknownKey(const YAML::Node& key,
                                       const std::string& path,
                                       const Descriptor& type) const {
  std::vector<std::string> known;
  for (int i = 0; i < type.field_count(); ++i) {
    known.push_back(type.field(i)->json_name());
  }
  const std::optional<std::string> nearest = NearestWord(key.Scalar(), known);
  return Error(
      key, absl::StrCat(
               "unknown key `", key.Scalar(), "`",
               path.empty() ? "" : absl::StrCat(" in ", path), "; ",
               nearest.has_value()
                   ? absl::StrCat("did you mean `", *nearest, "`?")
                   : absl::StrCat("known are: ", absl::StrJoin(known, ", "))));
}

absl::Status MessageReader::ReadMessage(const YAML::Node& node,
                                        const std::string& path,
                                        Message* message) {
  if (!node.IsMap()) {
    return Error(node, absl::StrCat(path.empty() ? "the document" : path,
                                    " must be a map of fields"));
  }
  std::set<std::string> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) {
      return Error(entry.first, "a key must be a plain word");
    }
    const FieldDescriptor* const field =
        FindField(*message->GetDescriptor(), entry.first.Scalar());
    if (field == nullptr) {
      return UnknownKey(entry.first, path, *message->GetDescriptor());
    }
    const std::string field_path = Join(path, field->name());
    if (!seen.insert(field->name()).second) {
      return Error(entry.first, absl::StrCat(field_path, " stands twice"));
    }
    if (options_.output_only.count(field_path) > 0) {
      return Error(entry.first, absl::StrCat(field_path,
                                             " is set by the server; remove "
                                             "this key"));
    }
    if (const auto* const choice = field->real_containing_oneof();
        choice != nullptr &&
        message->GetReflection()->HasOneof(*message, choice)) {
      return Error(entry.first, absl::StrCat(field_path, " and another way of ",
                                             path, " are given; choose one"));
    }
    // The key's line; the value of a block may start lines below.
    lines_[field_path] = entry.first.Mark().line + 1;
    if (entry.second.IsNull()) continue;
    BINFERRY_RETURN_IF_ERROR(
        ReadField(entry.second, field_path, field, message));
  }
  return absl::OkStatus();
}

absl::Status MessageReader::ReadField(const YAML::Node& node,
                                      const std::string& path,
                                      const FieldDescriptor* field,
                                      Message* message) {
  if (field->is_map()) return ReadMap(node, path, field, message);
  if (field->is_repeated()) return ReadList(node, path, field, message);
  return ReadValue(node, path, field, message);
}

absl::Status MessageReader::ReadMap(const YAML::Node& node,
                                    const std::string& path,
                                    const FieldDescriptor* field,
                                    Message* message) {
  if (!node.IsMap()) {
    return Error(node, absl::StrCat(path, " must be a map of texts"));
  }
  const FieldDescriptor* const value = field->message_type()->map_value();
  std::set<std::string> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar() || !seen.insert(entry.first.Scalar()).second) {
      return Error(entry.first,
                   absl::StrCat(path,
                                " has a key twice or one that is no "
                                "plain word"));
    }
    Message* const pair = message->GetReflection()->AddMessage(message, field);
    pair->GetReflection()->SetString(pair, field->message_type()->map_key(),
                                     entry.first.Scalar());
    BINFERRY_RETURN_IF_ERROR(
        ReadValue(entry.second, Join(path, entry.first.Scalar()), value, pair));
  }
  return absl::OkStatus();
}

absl::Status MessageReader::ReadList(const YAML::Node& node,
                                     const std::string& path,
                                     const FieldDescriptor* field,
                                     Message* message) {
  if (!node.IsSequence()) {
    return Error(node, absl::StrCat(path, " must be a list"));
  }
  size_t index = 0;
  for (const YAML::Node& item : node) {
    const std::string item_path = absl::StrCat(path, "[", index++, "]");
    lines_[item_path] = item.Mark().line + 1;
    BINFERRY_RETURN_IF_ERROR(ReadValue(item, item_path, field, message));
  }
  return absl::OkStatus();
}

absl::Status MessageReader::ReadValue(const YAML::Node& node,
                                      const std::string& path,
                                      const FieldDescriptor* field,
                                      Message* message) {
  const google::protobuf::Reflection* const reflection =
      message->GetReflection();
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    Message* const part = field->is_repeated()
                              ? reflection->AddMessage(message, field)
                              : reflection->MutableMessage(message, field);
    if (!IsTime(*field)) return ReadMessage(node, path, part);
    google::protobuf::Timestamp time;
    if (!node.IsScalar() ||
        !google::protobuf::util::TimeUtil::FromString(node.Scalar(), &time)) {
      return Error(node, absl::StrCat(path,
                                      " must be a time such as "
                                      "2026-01-31T22:00:00Z"));
    }
    part->CopyFrom(time);
    return absl::OkStatus();
  }
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    return ReadString(node, path, field, message);
  }
  if (!node.IsScalar()) {
    return Error(node, absl::StrCat(path, " must be ", TypeName(*field)));
  }
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    return ReadEnum(node, path, field, message);
  }
  return ReadNumber(node, path, field, message);
}

absl::StatusOr<std::string> MessageReader::ReadReference(
    const YAML::Node& node, const std::string& path) {
  const auto entry = node.begin();
  if (node.size() != 1 || !entry->first.IsScalar() ||
      !entry->second.IsScalar() ||
      (entry->first.Scalar() != "env" && entry->first.Scalar() != "file")) {
    return Error(node, absl::StrCat(path,
                                    " must be a text, {env: NAME} or {file: "
                                    "PATH}"));
  }
  const std::string& where = entry->second.Scalar();
  if (entry->first.Scalar() == "env") {
    const std::optional<std::string> text = sources_->environment(where);
    if (!text.has_value()) {
      return Error(node, absl::StrCat(path, ": the environment has no ", where,
                                      "; set and export it"));
    }
    return *text;
  }
  absl::StatusOr<std::string> text = sources_->file(where);
  if (!text.ok()) {
    return Error(node, absl::StrCat(path, ": ", text.status().message()));
  }
  return text;
}

absl::StatusOr<std::string> MessageReader::ReadBytes(const YAML::Node& node,
                                                     const std::string& path) {
  if (node.IsMap() && node["file"].IsDefined()) {
    return ReadReference(node, path);
  }
  std::string text = node.IsScalar() ? node.Scalar() : "";
  if (node.IsMap()) {
    BINFERRY_ASSIGN_OR_RETURN(text, ReadReference(node, path));
  }
  // As `base64` prints it, in lines.
  absl::StrReplaceAll({{"\n", ""}, {"\r", ""}, {" ", ""}}, &text);
  std::string bytes;
  if (!absl::Base64Unescape(text, &bytes) || node.IsSequence()) {
    return Error(node, absl::StrCat(path,
                                    " must be {file: PATH}, or base64 as text "
                                    "or {env: NAME}"));
  }
  return bytes;
}

absl::Status MessageReader::ReadString(const YAML::Node& node,
                                       const std::string& path,
                                       const FieldDescriptor* field,
                                       Message* message) {
  std::string text;
  if (node.IsScalar() && options_.secrets.count(field->name()) > 0) {
    plain_secrets_.push_back(path);
  }
  if (field->type() == FieldDescriptor::TYPE_BYTES) {
    BINFERRY_ASSIGN_OR_RETURN(text, ReadBytes(node, path));
  } else if (node.IsMap() && options_.references.count(field->name()) > 0) {
    BINFERRY_ASSIGN_OR_RETURN(text, ReadReference(node, path));
    if (node["file"].IsDefined()) absl::StripTrailingAsciiWhitespace(&text);
  } else if (node.IsScalar()) {
    text = node.Scalar();
  } else {
    return Error(node, absl::StrCat(path, " must be a text"));
  }
  if (field->is_repeated()) {
    message->GetReflection()->AddString(message, field, std::move(text));
  } else {
    message->GetReflection()->SetString(message, field, std::move(text));
  }
  return absl::OkStatus();
}

absl::Status MessageReader::ReadNumber(const YAML::Node& node,
                                       const std::string& path,
                                       const FieldDescriptor* field,
                                       Message* message) {
  const google::protobuf::Reflection* const reflection =
      message->GetReflection();
  const std::string& text = node.Scalar();
  bool is_read = false;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32:
      if (uint32_t value = 0; (is_read = absl::SimpleAtoi(text, &value))) {
        reflection->SetUInt32(message, field, value);
      }
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      if (uint64_t value = 0; (is_read = absl::SimpleAtoi(text, &value))) {
        reflection->SetUInt64(message, field, value);
      }
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      if (int32_t value = 0; (is_read = absl::SimpleAtoi(text, &value))) {
        reflection->SetInt32(message, field, value);
      }
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      if (int64_t value = 0; (is_read = absl::SimpleAtoi(text, &value))) {
        reflection->SetInt64(message, field, value);
      }
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      is_read = text == "true" || text == "false";
      if (is_read) reflection->SetBool(message, field, text == "true");
      break;
    // No field that a user sets is of another type.
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  if (is_read) return absl::OkStatus();
  return Error(node, absl::StrCat(path, " must be ", TypeName(*field),
                                  ", not `", text.substr(0, 100), "`"));
}

absl::Status MessageReader::ReadEnum(const YAML::Node& node,
                                     const std::string& path,
                                     const FieldDescriptor* field,
                                     Message* message) {
  const EnumDescriptor& type = *field->enum_type();
  const std::string prefix = EnumPrefix(type);
  // As people write it: "verify-identity" too.
  const std::string word =
      absl::StrReplaceAll(absl::AsciiStrToUpper(node.Scalar()), {{"-", "_"}});
  std::vector<std::string> known;
  for (int i = 1; i < type.value_count(); ++i) {
    const EnumValueDescriptor* const value = type.value(i);
    known.push_back(value->name().substr(prefix.size()));
    if (word == value->name() || word == known.back()) {
      if (field->is_repeated()) {
        message->GetReflection()->AddEnum(message, field, value);
      } else {
        message->GetReflection()->SetEnum(message, field, value);
      }
      return absl::OkStatus();
    }
  }
  const std::optional<std::string> nearest = NearestWord(node.Scalar(), known);
  return Error(
      node,
      absl::StrCat(path, " can't be `", node.Scalar().substr(0, 100), "`; ",
                   nearest.has_value()
                       ? absl::StrCat("did you mean `", *nearest, "`? ")
                       : "",
                   "It is one of ", absl::StrJoin(known, ", ")));
}

}  // namespace binferry::cli
