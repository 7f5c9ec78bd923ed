// Builds that break one rule on purpose, so that the checks that must notice it
// can be checked themselves. Every other build breaks none.
#ifndef BINFERRY_COMMON_BROKEN_RULE_H_
#define BINFERRY_COMMON_BROKEN_RULE_H_

#include <cstdint>

namespace binferry {

// As cmake -DBINFERRY_BREAK names them, in snake case.
enum class BrokenRule : uint8_t {
  kNone,
  kCheckpointBeforeRecords,
  kNoLeaseCheckAfterInit,
  kDropRecord,
  kDoubleRecord,
  kReorderRecords,
};

#ifdef BINFERRY_BROKEN_RULE
inline constexpr BrokenRule kBrokenRule = BrokenRule::BINFERRY_BROKEN_RULE;
#else
inline constexpr BrokenRule kBrokenRule = BrokenRule::kNone;
#endif

}  // namespace binferry

#endif  // BINFERRY_COMMON_BROKEN_RULE_H_
