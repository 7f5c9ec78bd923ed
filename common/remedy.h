// What the user can do about an error, kept apart from what went wrong.
#ifndef BINFERRY_COMMON_REMEDY_H_
#define BINFERRY_COMMON_REMEDY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binferry {

// A status with the message `cause: remedy detail`, `detail` in parentheses (it
// is what another program said, for support); none if it is empty. No part may
// hold a secret or a row's values.
absl::Status RemedyError(absl::StatusCode code, absl::string_view cause,
                         absl::string_view remedy,
                         absl::string_view detail = {});

// The remedy that the status was made with; "" if it has none apart, as errors
// that were not made by RemedyError or whose message was rewritten.
std::string RemedyOf(const absl::Status& status);

// The message without that remedy.
std::string CauseOf(const absl::Status& status);

}  // namespace binferry

#endif  // BINFERRY_COMMON_REMEDY_H_
