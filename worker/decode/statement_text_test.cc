#include "worker/decode/statement_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace binferry::worker {
namespace {

constexpr uint16_t kLatin1 = 8;
constexpr uint16_t kGbk = 28;
constexpr uint16_t kUtf8mb4 = 255;

std::string Written(std::optional<uint16_t> collation, absl::string_view sql) {
  std::string text;
  JsonObject object(&text);
  WriteStatement({.client_collation = collation, .text = sql}, &object);
  object.Close();
  return text;
}

TEST(StatementTextTest, ConvertsFromTheClientsCharacterSet) {
  EXPECT_EQ(Written(kUtf8mb4, "SELECT 'é'"),
            R"j({"charset":"utf8mb4","sql":"SELECT 'é'"})j");
  EXPECT_EQ(Written(kLatin1, "SELECT '\xe9'"),
            R"j({"charset":"latin1","sql":"SELECT 'é'"})j");
  EXPECT_EQ(Written(kGbk, "CREATE TABLE `\x95\x5c` (a INT)"),
            R"j({"charset":"gbk","sql":"CREATE TABLE `昞` (a INT)"})j");
  EXPECT_EQ(Written(std::nullopt, "SELECT 'é'"), R"j({"sql":"SELECT 'é'"})j");
  EXPECT_EQ(Written(9999, "BEGIN"), R"j({"sql":"BEGIN"})j");
}

TEST(StatementTextTest, TellsThatBytesAreNoText) {
  EXPECT_EQ(Written(kUtf8mb4, "SELECT '\xe9'"),
            R"j({"charset":"utf8mb4","sql":"SELECT '\\xE9'",)j"
            R"j("sql_is_exact":false})j");
}

// Seen on 9.7.4 with a client in latin1.
TEST(StatementTextTest, TakesWhatTheServerWroteAsUtf8) {
  const std::string by_server =
      "CREATE TABLE `é` (\n  `a` int DEFAULT NULL\n) START TRANSACTION";
  EXPECT_EQ(Written(kLatin1, by_server),
            R"j({"charset":"latin1","sql":"CREATE TABLE `é` (\n)j"
            R"j(  `a` int DEFAULT NULL\n) START TRANSACTION"})j");
  // A client's own statement of that form, in its own character set.
  EXPECT_EQ(Written(kLatin1, "CREATE TABLE `\xe9` (\n  a INT)"),
            R"j({"charset":"latin1","sql":"CREATE TABLE `é` (\n  a INT)"})j");
  EXPECT_EQ(Written(kLatin1, "CREATE TABLE `\xc3\xa9` (a INT)"),
            R"j({"charset":"latin1","sql":"CREATE TABLE `Ã©` (a INT)"})j");
}

}  // namespace
}  // namespace binferry::worker
