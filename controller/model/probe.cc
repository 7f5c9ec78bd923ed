#include "controller/model/probe.h"

namespace binferry::controller {

absl::string_view ProbeKindName(ProbeKind kind) {
  switch (kind) {
    case ProbeKind::kCheckSource:
      return "CHECK_SOURCE";
    case ProbeKind::kCheckDestination:
      return "CHECK_DESTINATION";
  }
  return "";
}

std::optional<ProbeKind> ParseProbeKind(absl::string_view name) {
  for (const ProbeKind kind : kProbeKinds) {
    if (ProbeKindName(kind) == name) return kind;
  }
  return std::nullopt;
}

}  // namespace binferry::controller
