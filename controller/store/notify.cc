#include "controller/store/notify.h"

#include <string>

namespace binferry::controller {

absl::Status Notify(PgTransaction* transaction,
                    const std::vector<Change>& changes) {
  std::vector<std::string> payloads;
  for (const Change& change : changes) {
    payloads.push_back(EncodeChange(change));
  }
  return transaction
      ->Execute("SELECT pg_notify($1, payload) FROM unnest($2::text[]) payload",
                PgParams().Text(kNotifyChannel).TextArray(payloads))
      .status();
}

}  // namespace binferry::controller
