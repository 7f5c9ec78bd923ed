#include "controller/model/worker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace binferry::controller {
namespace {

absl::string_view NameOf(NetworkType type) {
  switch (type) {
    case NetworkType::kUnspecified:
      return "no network type";
    case NetworkType::kVpc:
      return "VPC";
    case NetworkType::kPublic:
      return "PUBLIC";
    case NetworkType::kVpn:
      return "VPN";
  }
  return "";
}

std::string OrNone(absl::string_view text) {
  return text.empty() ? "unset" : std::string(text);
}

// "" if `wanted` is unset or equals `present`.
std::string Difference(absl::string_view what, absl::string_view wanted,
                       absl::string_view present) {
  if (wanted.empty() || wanted == present) return "";
  return absl::StrCat("its ", what, " is ", OrNone(present), ", not ", wanted);
}

}  // namespace

std::string MismatchOf(const Placement& placement, const WorkerPlace& place) {
  std::string difference = Difference("region", placement.region, place.region);
  if (!difference.empty()) return difference;
  const std::vector<std::string>& zones = placement.availability_zones;
  if (!zones.empty() && std::find(zones.begin(), zones.end(),
                                  place.availability_zone) == zones.end()) {
    return absl::StrCat("its availability zone is ",
                        OrNone(place.availability_zone), ", not ",
                        absl::StrJoin(zones, " or "));
  }
  if (std::find(place.network_types.begin(), place.network_types.end(),
                placement.network_type) == place.network_types.end()) {
    return absl::StrCat("it is not in a network of type ",
                        NameOf(placement.network_type));
  }
  difference = Difference("VPC", placement.vpc, place.vpc);
  if (!difference.empty()) return difference;
  difference = Difference("subnet", placement.subnet, place.subnet);
  if (!difference.empty()) return difference;
  const auto group = place.labels.find("security_group");
  return Difference("label security_group", placement.security_group,
                    group == place.labels.end() ? "" : group->second);
}

}  // namespace binferry::controller
