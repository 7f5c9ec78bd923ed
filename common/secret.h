// A password, key or token in memory.
#ifndef BINFERRY_COMMON_SECRET_H_
#define BINFERRY_COMMON_SECRET_H_

#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binferry {

// A string that can't be printed by mistake: no stream, log field or StrCat
// takes its text, and its memory is overwritten when it is destroyed. Empty =
// there is none. Thread-compatible.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text);
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  // The text. Only for handing it to whom it is meant for.
  const std::string& Reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

  // Takes the same time wherever the two differ; only the length shows.
  bool EqualsInConstantTime(absl::string_view other) const;

  friend bool operator==(const Secret& a, const Secret& b) {
    return a.EqualsInConstantTime(b.text_);
  }

  // "<secret>", or "<none>" when empty.
  friend std::ostream& operator<<(std::ostream& out, const Secret& secret);

 private:
  void Erase();

  std::string text_;
};

// The content of the file without white space at its end. NOT_FOUND or
// PERMISSION_DENIED naming the file, FAILED_PRECONDITION if it is empty or
// larger than 64 KiB.
absl::StatusOr<Secret> ReadSecretFile(const std::string& path);

}  // namespace binferry

#endif  // BINFERRY_COMMON_SECRET_H_
