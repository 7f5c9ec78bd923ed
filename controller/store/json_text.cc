#include "controller/store/json_text.h"

#include "absl/strings/str_format.h"
#include "common/clean_text.h"

namespace binferry::controller {

void AppendJsonString(absl::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : CleanText(text)) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out->append(absl::StrFormat("\\u%04x", static_cast<unsigned char>(c)));
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

}  // namespace binferry::controller
