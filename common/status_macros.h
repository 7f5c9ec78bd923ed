// The two macros of status propagation, and the only macros of the project.
#ifndef BINFERRY_COMMON_STATUS_MACROS_H_
#define BINFERRY_COMMON_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns the status of `expr` from the enclosing function unless it is OK.
#define BINFERRY_RETURN_IF_ERROR(expr)                                \
  do {                                                                \
    if (absl::Status binferry_status = (expr); !binferry_status.ok()) \
      return binferry_status;                                         \
  } while (false)

#define BINFERRY_CONCAT_(a, b) a##b
#define BINFERRY_CONCAT(a, b) BINFERRY_CONCAT_(a, b)

// Assigns the value of the StatusOr `expr` to `lhs` (a declaration or an
// lvalue), or returns its status.
#define BINFERRY_ASSIGN_OR_RETURN(lhs, expr)                                \
  BINFERRY_ASSIGN_OR_RETURN_(BINFERRY_CONCAT(binferry_statusor_, __LINE__), \
                             lhs, expr)
#define BINFERRY_ASSIGN_OR_RETURN_(statusor, lhs, expr)    \
  auto statusor = (expr);                                  \
  if (!statusor.ok()) return std::move(statusor).status(); \
  lhs = *std::move(statusor)

#endif  // BINFERRY_COMMON_STATUS_MACROS_H_
