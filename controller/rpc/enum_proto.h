// Enums of messages and of the model, which have the same numbers.
#ifndef BINFERRY_CONTROLLER_RPC_ENUM_PROTO_H_
#define BINFERRY_CONTROLLER_RPC_ENUM_PROTO_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controller/model/field_violation.h"

namespace binferry::controller {

// A number that the enum does not have becomes a violation of `field`, and
// kUnspecified.
template <typename Model>
Model EnumFromProto(int value, bool is_valid, absl::string_view field,
                    std::vector<FieldViolation>* violations) {
  if (is_valid) return static_cast<Model>(value);
  violations->push_back({.field = std::string(field),
                         .description = absl::StrCat("has no value ", value)});
  return Model();
}

template <typename Proto, typename Model>
Proto EnumToProto(Model value) {
  return static_cast<Proto>(static_cast<int>(value));
}

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_RPC_ENUM_PROTO_H_
