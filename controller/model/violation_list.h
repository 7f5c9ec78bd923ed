// Collects violations under a path.
#ifndef BINFERRY_CONTROLLER_MODEL_VIOLATION_LIST_H_
#define BINFERRY_CONTROLLER_MODEL_VIOLATION_LIST_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controller/model/field_violation.h"

namespace binferry::controller {

// What the checks of a spec write to; takes at most `max` and drops the rest.
// Thread-compatible.
class ViolationList {
 public:
  explicit ViolationList(size_t max) : max_(max) {}

  void Add(absl::string_view field, absl::string_view description) {
    if (violations_.size() < max_) {
      violations_.push_back({std::string(field), std::string(description)});
    }
  }

  // `text` must have `min` to `max` characters (code points of UTF-8). Shows
  // how many there are, never the text.
  void CheckLength(absl::string_view field, absl::string_view text, size_t min,
                   size_t max);

  bool empty() const { return violations_.empty(); }
  std::vector<FieldViolation> Take() { return std::move(violations_); }

 private:
  const size_t max_;
  std::vector<FieldViolation> violations_;
};

// Code points; a byte that is no UTF-8 counts as one.
size_t CountCharacters(absl::string_view text);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_VIOLATION_LIST_H_
