// How the programs of Binferry end.
#ifndef BINFERRY_COMMON_EXIT_CODE_H_
#define BINFERRY_COMMON_EXIT_CODE_H_

namespace binferry {

// Ended as asked: the work is done, or SIGTERM or SIGINT was obeyed.
inline constexpr int kExitOk = 0;
// Something failed; the last line of the log or of stderr says what.
inline constexpr int kExitFailure = 1;
// The options make no sense; nothing was started.
inline constexpr int kExitUsage = 2;

}  // namespace binferry

#endif  // BINFERRY_COMMON_EXIT_CODE_H_
