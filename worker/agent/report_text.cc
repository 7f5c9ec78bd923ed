#include "worker/agent/report_text.h"

#include "common/clean_text.h"

namespace binferry::worker {

std::string ReportText(absl::string_view text, size_t max_bytes) {
  absl::string_view kept = text.substr(0, max_bytes);
  if (kept.size() < text.size()) {
    while (!kept.empty() && (kept.back() & 0xC0) == 0x80) kept.remove_suffix(1);
    if (!kept.empty() && (kept.back() & 0x80) != 0) kept.remove_suffix(1);
  }
  return CleanText(kept);
}

}  // namespace binferry::worker
