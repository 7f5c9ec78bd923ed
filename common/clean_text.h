// Text from outside, made fit for what takes nothing but UTF-8.
#ifndef BINFERRY_COMMON_CLEAN_TEXT_H_
#define BINFERRY_COMMON_CLEAN_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace binferry {

// `text` with "?" for each NUL and for each byte that belongs to no UTF-8
// character. PostgreSQL's text takes neither, and a Protobuf message with a
// string that is no UTF-8 can't be read by whoever gets it.
std::string CleanText(absl::string_view text);

}  // namespace binferry

#endif  // BINFERRY_COMMON_CLEAN_TEXT_H_
