// Messages of the API as JSON and YAML.
#ifndef BINFERRY_CLI_MESSAGE_TEXT_H_
#define BINFERRY_CLI_MESSAGE_TEXT_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/strings/string_view.h"

namespace binferry::cli {

// The proto's JSON mapping (lowerCamelCase), in several lines or in one.
std::string ToJson(const google::protobuf::Message& message);
std::string ToJsonLine(const google::protobuf::Message& message);

// The same as block YAML. What would read as another type is quoted.
std::string ToYaml(const google::protobuf::Message& message);

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_MESSAGE_TEXT_H_
