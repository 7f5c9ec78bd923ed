#include "cli/time_text.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace binferry::cli {

absl::Time ToTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) +
         absl::Nanoseconds(time.nanos());
}

std::string Roughly(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(duration));
  if (seconds < 60) return absl::StrCat(seconds, "s");
  if (seconds < 3600) {
    return absl::StrCat(seconds / 60, "m", seconds % 60, "s");
  }
  if (seconds < 86400) {
    return absl::StrCat(seconds / 3600, "h", seconds / 60 % 60, "m");
  }
  return absl::StrCat(seconds / 86400, "d", seconds / 3600 % 24, "h");
}

std::string Ago(const google::protobuf::Timestamp& time, absl::Time now) {
  return absl::StrCat(Roughly(now - ToTime(time)), " ago");
}

std::string Briefly(const google::protobuf::Duration& duration) {
  const int64_t ms =
      google::protobuf::util::TimeUtil::DurationToMilliseconds(duration);
  return ms < 10'000 ? absl::StrCat(ms, "ms") : Roughly(absl::Milliseconds(ms));
}

std::string Clock(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", ToTime(time),
                          absl::UTCTimeZone());
}

}  // namespace binferry::cli
