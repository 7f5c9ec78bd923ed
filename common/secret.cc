#include "common/secret.h"

#include <string.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "common/read_file.h"
#include "common/status_macros.h"

namespace binferry {
namespace {

constexpr size_t kMaxSecretFileBytes = 64 * 1024;

}  // namespace

Secret::Secret(std::string text) : text_(std::move(text)) {}

// A moved-from short string keeps its characters in place: they go too.
Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
  other.Erase();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  Erase();
  text_ = std::move(other.text_);
  other.Erase();
  return *this;
}

Secret::~Secret() { Erase(); }

void Secret::Erase() {
  text_.resize(text_.capacity());
  explicit_bzero(text_.data(), text_.size());
  text_.clear();
}

bool Secret::EqualsInConstantTime(absl::string_view other) const {
  if (text_.size() != other.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < text_.size(); ++i) {
    difference = static_cast<unsigned char>(
        difference | (static_cast<unsigned char>(text_[i]) ^
                      static_cast<unsigned char>(other[i])));
  }
  return difference == 0;
}

std::ostream& operator<<(std::ostream& out, const Secret& secret) {
  return out << (secret.empty() ? "<none>" : "<secret>");
}

absl::StatusOr<Secret> ReadSecretFile(const std::string& path) {
  BINFERRY_ASSIGN_OR_RETURN(std::string text,
                            ReadFile(path, kMaxSecretFileBytes));
  absl::StripTrailingAsciiWhitespace(&text);
  if (text.empty()) {
    return absl::FailedPreconditionError("the file " + path + " is empty");
  }
  return Secret(std::move(text));
}

}  // namespace binferry
