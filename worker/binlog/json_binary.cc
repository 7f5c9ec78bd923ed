#include "worker/binlog/json_binary.h"

#include "worker/binlog/json_text.h"
#include "worker/binlog/json_value.h"

namespace binferry::worker {

absl::Status AppendJsonText(absl::string_view document, std::string* text) {
  return JsonText(MaxJsonTextBytes(document.size()), text)
      .Value(ReadJsonDocument(document));
}

}  // namespace binferry::worker
