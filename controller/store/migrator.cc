#include "controller/store/migrator.h"

#include <openssl/sha.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/read_file.h"
#include "common/status_macros.h"

namespace binferry::controller {
namespace {

constexpr size_t kMaxMigrationBytes = 1024 * 1024;
constexpr absl::Duration kMigrationTimeout = absl::Minutes(10);

// Any number will do, as long as nobody else's lock has it: "binferry", and
// "migr".
constexpr char kLock[] = "SELECT pg_advisory_xact_lock(7380952, 1835624306)";

constexpr char kCreateTable[] = R"sql(
CREATE TABLE IF NOT EXISTS schema_migrations (
  number integer PRIMARY KEY,
  name text NOT NULL,
  checksum text NOT NULL,
  apply_time timestamptz NOT NULL DEFAULT now()
))sql";

// `NNNN_verb_noun.sql`; schema.sql and others are none.
bool IsMigrationName(absl::string_view name) {
  if (name.size() < 10 || name.substr(name.size() - 4) != ".sql") return false;
  for (size_t i = 0; i < 4; ++i) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(name[i]))) return false;
  }
  return name[4] == '_';
}

std::string Sha256(absl::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         digest);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

absl::StatusOr<std::vector<std::string>> ListNames(
    const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator it(directory, error);
  if (error) {
    return absl::NotFoundError(absl::StrCat("cannot read the migrations in ",
                                            directory, ": ", error.message(),
                                            "; see --migrations-dir"));
  }
  for (; it != std::filesystem::directory_iterator(); it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (IsMigrationName(name)) names.push_back(name);
    if (error) break;
  }
  std::sort(names.begin(), names.end());
  return names;
}

// OK if what was applied is a beginning of `migrations`; how many they are.
absl::StatusOr<size_t> CheckApplied(const PgRows& applied,
                                    const std::vector<Migration>& migrations) {
  for (size_t i = 0; i < applied.size(); ++i) {
    const std::string name = applied[i].Text("name");
    if (i >= migrations.size()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the database has migration ", name,
          ", which this controller does not know: it was made by a newer "
          "release; start that one"));
    }
    if (applied[i].Int("number") != migrations[i].number ||
        applied[i].Text("checksum") != migrations[i].checksum) {
      return absl::FailedPreconditionError(absl::StrCat(
          "migration ", migrations[i].name, " is not what was applied as ",
          name, ": migrations never change; install the release's own files"));
    }
  }
  return applied.size();
}

// Applies the next migration that is missing; false if there is none.
absl::StatusOr<bool> ApplyNext(const std::vector<Migration>& migrations,
                               PgTransaction* transaction) {
  BINFERRY_RETURN_IF_ERROR(transaction->Execute(kLock).status());
  BINFERRY_RETURN_IF_ERROR(transaction->Execute(kCreateTable).status());
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows applied,
      transaction->Execute("SELECT number, name, checksum FROM "
                           "schema_migrations ORDER BY number"));
  BINFERRY_ASSIGN_OR_RETURN(const size_t count,
                            CheckApplied(applied, migrations));
  if (count == migrations.size()) return false;
  const Migration& next = migrations[count];
  const absl::Status ran = transaction->Execute(next.sql).status();
  if (!ran.ok()) {
    return absl::Status(
        ran.code(), absl::StrCat("migration ", next.name, ": ", ran.message()));
  }
  BINFERRY_RETURN_IF_ERROR(
      transaction
          ->Execute(
              "INSERT INTO schema_migrations (number, name, checksum) "
              "VALUES ($1, $2, $3)",
              PgParams().Int(next.number).Text(next.name).Text(next.checksum))
          .status());
  return true;
}

}  // namespace

absl::StatusOr<std::vector<Migration>> ReadMigrations(
    const std::string& directory) {
  BINFERRY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                            ListNames(directory));
  std::vector<Migration> migrations;
  for (const std::string& name : names) {
    Migration migration{.name = name};
    if (!absl::SimpleAtoi(absl::string_view(name).substr(0, 4),
                          &migration.number) ||
        migration.number != static_cast<int>(migrations.size()) + 1) {
      return absl::FailedPreconditionError(absl::StrCat(
          directory, ": ", name, " follows migration ", migrations.size(),
          ": the numbers must be 0001, 0002, ..."));
    }
    BINFERRY_ASSIGN_OR_RETURN(
        migration.sql,
        ReadFile(absl::StrCat(directory, "/", name), kMaxMigrationBytes));
    migration.checksum = Sha256(migration.sql);
    migrations.push_back(std::move(migration));
  }
  if (migrations.empty()) {
    return absl::NotFoundError(absl::StrCat(
        directory, " has no migrations (NNNN_*.sql); see --migrations-dir"));
  }
  return migrations;
}

absl::Status Migrate(const PgOptions& options,
                     const std::vector<Migration>& migrations) {
  PgOptions patient = options;
  patient.statement_timeout = kMigrationTimeout;
  BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<PgConnection> connection,
                            PgConnection::Open(patient));
  for (bool is_applied = true; is_applied;) {
    const absl::Status status =
        connection->Transact([&](PgTransaction& transaction) -> absl::Status {
          BINFERRY_ASSIGN_OR_RETURN(is_applied,
                                    ApplyNext(migrations, &transaction));
          return absl::OkStatus();
        });
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace binferry::controller
