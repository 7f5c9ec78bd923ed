#include "controller/model/violation_list.h"

#include <algorithm>

namespace binferry::controller {

size_t CountCharacters(absl::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(),
      [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void ViolationList::CheckLength(absl::string_view field, absl::string_view text,
                                size_t min, size_t max) {
  const size_t count = CountCharacters(text);
  if (count >= min && count <= max) return;
  if (count == 0) {
    Add(field, absl::StrCat("is required: ", min, " to ", max, " characters"));
  } else if (min == 0) {
    Add(field,
        absl::StrCat("must have at most ", max, " characters, not ", count));
  } else {
    Add(field, absl::StrCat("must have ", min, " to ", max, " characters, not ",
                            count));
  }
}

}  // namespace binferry::controller
