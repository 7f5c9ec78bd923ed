#include "worker/decode/statement_text.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "worker/charset/charset.h"

namespace binferry::worker {
namespace {

// As SHOW CREATE TABLE prints a table.
bool IsWrittenByServer(absl::string_view sql) {
  if (!absl::StartsWith(sql, "CREATE TABLE `")) return false;
  return absl::EndsWith(absl::StripTrailingAsciiWhitespace(sql),
                        "START TRANSACTION") ||
         absl::StrContains(sql, " (\n  ");
}

}  // namespace

void WriteStatement(const QueryEvent& query, JsonObject* object) {
  Charset charset = Charset::kBinary;
  if (query.client_collation.has_value()) {
    const auto known = CharsetOfCollation(*query.client_collation);
    if (known.ok()) {
      charset = *known;
      object->Text("charset", CharsetName(charset));
    }
  }
  std::string sql;
  bool is_exact =
      IsWrittenByServer(query.text) && AppendQuoted(query.text, &sql);
  if (!is_exact) {
    sql.clear();
    is_exact = AppendQuoted(charset, query.text, &sql);
  }
  object->Raw("sql", sql);
  if (!is_exact) object->Flag("sql_is_exact", false);
}

}  // namespace binferry::worker
