// Times and durations for people.
#ifndef BINFERRY_CLI_TIME_TEXT_H_
#define BINFERRY_CLI_TIME_TEXT_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "absl/time/time.h"

namespace binferry::cli {

absl::Time ToTime(const google::protobuf::Timestamp& time);

// The two largest units: "3d4h", "5m12s", "8s"; "0s" of what is negative.
std::string Roughly(absl::Duration duration);

// "5m12s ago".
std::string Ago(const google::protobuf::Timestamp& time, absl::Time now);

// "12ms" below ten seconds, else as Roughly.
std::string Briefly(const google::protobuf::Duration& duration);

// "2026-01-31T22:00:00Z", to the second.
std::string Clock(const google::protobuf::Timestamp& time);

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_TIME_TEXT_H_
