// Brings the database's schema to the state that this program needs.
#ifndef BINFERRY_CONTROLLER_STORE_MIGRATOR_H_
#define BINFERRY_CONTROLLER_STORE_MIGRATOR_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/store/pg_connection.h"

namespace binferry::controller {

// One file `NNNN_verb_noun.sql`.
struct Migration {
  int number = 0;
  std::string name;  // The file's name.
  std::string sql = {};
  std::string checksum = {};  // SHA-256 in hex.
};

// The migrations of a directory in order. NOT_FOUND if there is none,
// FAILED_PRECONDITION unless the numbers are 1, 2, 3, ...
absl::StatusOr<std::vector<Migration>> ReadMigrations(
    const std::string& directory);

// Applies what is missing, each in one transaction, under an advisory lock: any
// number of controllers may start at once. Idempotent. FAILED_PRECONDITION if a
// migration that was applied has changed since, or if the database has one that
// is not in `migrations` (a newer controller's). UNAVAILABLE while PostgreSQL
// is away: try again.
absl::Status Migrate(const PgOptions& options,
                     const std::vector<Migration>& migrations);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_MIGRATOR_H_
