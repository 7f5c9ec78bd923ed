// Where the next page of a listing starts.
#ifndef BINFERRY_CONTROLLER_API_PAGE_TOKEN_H_
#define BINFERRY_CONTROLLER_API_PAGE_TOKEN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binferry::controller {

// `query` names the listing that a token belongs to: the same call with another
// filter is refused. `last_key` is what stood last on the page, part by part.
// The text is opaque to callers and says nothing that they don't know.
std::string EncodePageToken(absl::string_view query,
                            const std::vector<std::string>& last_key);

// The `last_key`, of `parts` parts. INVALID_ARGUMENT (field "page_token") for
// text that is no token or belongs to another query.
absl::StatusOr<std::vector<std::string>> DecodePageToken(
    absl::string_view query, absl::string_view token, size_t parts);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_PAGE_TOKEN_H_
