#include "cli/message_text.h"

#include <google/protobuf/util/json_util.h>
#include <yaml-cpp/yaml.h>

#include "absl/strings/numbers.h"

namespace binferry::cli {
namespace {

std::string Render(const google::protobuf::Message& message, bool in_lines) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = in_lines;
  std::string text;
  // Fails only for invalid Any and times, which no message of ours has.
  if (!google::protobuf::util::MessageToJsonString(message, &text, options)
           .ok()) {
    return "{}";
  }
  return text;
}

// Whether YAML would read the plain text as something else.
bool NeedsQuotes(const std::string& text) {
  double number = 0;
  return text.empty() || text == "true" || text == "false" || text == "null" ||
         text == "yes" || text == "no" || text == "on" || text == "off" ||
         text == "~" || absl::SimpleAtod(text, &number);
}

// JSON is YAML, so the nodes are those of the JSON text; quoted scalars, which
// are the texts, carry the tag "!".
void Emit(const YAML::Node& node, YAML::Emitter* out) {
  if (node.IsMap()) {
    *out << YAML::BeginMap;
    for (const auto& entry : node) {
      *out << YAML::Key << entry.first.Scalar() << YAML::Value;
      Emit(entry.second, out);
    }
    *out << YAML::EndMap;
  } else if (node.IsSequence()) {
    *out << YAML::BeginSeq;
    for (const YAML::Node& item : node) Emit(item, out);
    *out << YAML::EndSeq;
  } else if (node.Tag() == "!" && NeedsQuotes(node.Scalar())) {
    *out << YAML::DoubleQuoted << node.Scalar();
  } else {
    *out << node.Scalar();
  }
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message) {
  return Render(message, true);
}

std::string ToJsonLine(const google::protobuf::Message& message) {
  return Render(message, false) + "\n";
}

std::string ToYaml(const google::protobuf::Message& message) {
  YAML::Emitter out;
  Emit(YAML::Load(Render(message, false)), &out);
  return std::string(out.c_str()) + "\n";
}

}  // namespace binferry::cli
