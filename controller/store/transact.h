// Transactions that return something.
#ifndef BINFERRY_CONTROLLER_STORE_TRANSACT_H_
#define BINFERRY_CONTROLLER_STORE_TRANSACT_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/store/pg_pool.h"

namespace binferry::controller {

// PgPool::Transact with a value: what `body` returned, once it is committed.
template <typename T>
absl::StatusOr<T> TransactFor(
    PgPool* pool, absl::FunctionRef<absl::StatusOr<T>(PgTransaction*)> body) {
  absl::StatusOr<T> value = absl::InternalError("the transaction did not run");
  const absl::Status status = pool->Transact([&](PgTransaction& transaction) {
    value = body(&transaction);
    return value.status();
  });
  if (!status.ok()) return status;
  return value;
}

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_TRANSACT_H_
