// YAML nodes -> protobuf messages, strictly.
#ifndef BINFERRY_CLI_MESSAGE_READER_H_
#define BINFERRY_CLI_MESSAGE_READER_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cli/task_file.h"

namespace binferry::cli {

// Reads one document into one message. See ParseTaskFile for the rules.
// Thread-compatible.
class MessageReader {
 public:
  struct Options {
    // For messages: the file's name.
    std::string name;
    // Paths that only the server sets.
    std::set<std::string> output_only;
    // Field names that take `{env:}` and `{file:}`, and those of them that must
    // never be shown.
    std::set<std::string> references;
    std::set<std::string> secrets;
  };

  // `sources` must outlive this object.
  MessageReader(Options options, const SecretSources* sources)
      : options_(std::move(options)), sources_(sources) {}

  // `node` must be a map; INVALID_ARGUMENT `name:line: ...` else.
  absl::Status Read(const YAML::Node& node, google::protobuf::Message* message);

  // INVALID_ARGUMENT about the place of `node`.
  absl::Status Error(const YAML::Node& node, absl::string_view message) const;

  const std::map<std::string, int>& lines() const { return lines_; }
  const std::vector<std::string>& plain_secrets() const {
    return plain_secrets_;
  }

 private:
  using Field = google::protobuf::FieldDescriptor;
  using Message = google::protobuf::Message;

  absl::Status ReadMessage(const YAML::Node& node, const std::string& path,
                           Message* message);
  absl::Status ReadField(const YAML::Node& node, const std::string& path,
                         const Field* field, Message* message);
  absl::Status ReadMap(const YAML::Node& node, const std::string& path,
                       const Field* field, Message* message);
  absl::Status ReadList(const YAML::Node& node, const std::string& path,
                        const Field* field, Message* message);
  absl::Status ReadValue(const YAML::Node& node, const std::string& path,
                         const Field* field, Message* message);
  absl::Status ReadString(const YAML::Node& node, const std::string& path,
                          const Field* field, Message* message);
  absl::Status ReadNumber(const YAML::Node& node, const std::string& path,
                          const Field* field, Message* message);
  absl::Status ReadEnum(const YAML::Node& node, const std::string& path,
                        const Field* field, Message* message);
  absl::StatusOr<std::string> ReadReference(const YAML::Node& node,
                                            const std::string& path);
  absl::StatusOr<std::string> ReadBytes(const YAML::Node& node,
                                        const std::string& path);
  absl::Status UnknownKey(const YAML::Node& key, const std::string& path,
                          const google::protobuf::Descriptor& type) const;

  const Options options_;
  const SecretSources* const sources_;
  std::map<std::string, int> lines_;
  std::vector<std::string> plain_secrets_;
};

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_MESSAGE_READER_H_
