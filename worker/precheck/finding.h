// The usual ways to make a PrecheckItem.
#ifndef BINFERRY_WORKER_PRECHECK_FINDING_H_
#define BINFERRY_WORKER_PRECHECK_FINDING_H_

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "worker/precheck/precheck_item.h"

namespace binferry::worker {

// `item` as it is when nothing is wrong.
inline PrecheckItem Passed(PrecheckItem item, std::string found) {
  item.result = PrecheckResult::kPassed;
  item.found = std::move(found);
  return item;
}

inline PrecheckItem Alarm(PrecheckItem item, std::string found,
                          std::string cause, std::string remedy) {
  item.result = PrecheckResult::kAlarm;
  item.found = std::move(found);
  item.cause = std::move(cause);
  item.remedy = std::move(remedy);
  return item;
}

inline PrecheckItem Failed(PrecheckItem item, std::string found,
                           std::string cause, std::string remedy) {
  item = Alarm(std::move(item), std::move(found), std::move(cause),
               std::move(remedy));
  item.result = PrecheckResult::kFailed;
  return item;
}

// `item` with what it is about, as many as it shows. By reference, because
// callers count `objects` in the other argument, and which one is made first is
// the compiler's choice.
inline PrecheckItem About(PrecheckItem item,
                          const std::vector<std::string>& objects) {
  item.objects_total = objects.size();
  item.objects.assign(
      objects.begin(),
      objects.begin() + static_cast<ptrdiff_t>(std::min<size_t>(
                            objects.size(), PrecheckItem::kMaxObjects)));
  return item;
}

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_FINDING_H_
