// Writing JSON that PostgreSQL takes apart.
#ifndef BINFERRY_CONTROLLER_STORE_JSON_TEXT_H_
#define BINFERRY_CONTROLLER_STORE_JSON_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace binferry::controller {

// Appends `text`, cleaned (CleanText), as a JSON string with its quotes.
void AppendJsonString(absl::string_view text, std::string* out);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_JSON_TEXT_H_
