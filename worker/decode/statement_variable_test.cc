#include "worker/decode/statement_variable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <string>

#include "absl/strings/string_view.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/testing/value_bytes.h"

namespace binferry::worker {
namespace {

absl::StatusOr<std::string> Written(EventType type, absl::string_view body) {
  std::string text;
  JsonObject object(&text);
  const absl::Status status = WriteStatementVariable(
      {.type = static_cast<uint8_t>(type)}, AsBytes(body), &object);
  object.Close();
  if (!status.ok()) return status;
  return text;
}

// Name, not null, type, collation, value.
std::string UserVar(uint8_t type, uint32_t collation, const std::string& value,
                    const std::string& flags = std::string(1, '\0')) {
  return LittleEndian(1, 4) + "v" + LittleEndian(0, 1) + LittleEndian(type, 1) +
         LittleEndian(collation, 4) + LittleEndian(value.size(), 4) + value +
         flags;
}

TEST(StatementVariableTest, TellsIntegersOfStatements) {
  EXPECT_THAT(
      Written(EventType::kIntvar,
              LittleEndian(2, 1) + LittleEndian(UINT64_MAX, 8)),
      IsOkAndHolds(
          R"({"variable":"INSERT_ID","value":"18446744073709551615"})"));
  EXPECT_THAT(
      Written(EventType::kIntvar, LittleEndian(1, 1) + LittleEndian(7, 8)),
      IsOkAndHolds(R"({"variable":"LAST_INSERT_ID","value":"7"})"));
  EXPECT_THAT(
      Written(EventType::kRand, LittleEndian(3, 8) + LittleEndian(4, 8)),
      IsOkAndHolds(R"({"seeds":[3,4]})"));
}

TEST(StatementVariableTest, TellsUserVariables) {
  constexpr uint32_t kLatin1 = 8;
  EXPECT_THAT(Written(EventType::kUserVar, UserVar(0, kLatin1, "\xe9")),
              IsOkAndHolds("{\"variable\":\"v\",\"charset\":\"latin1\","
                           "\"value\":\"\u00e9\"}"));
  EXPECT_THAT(
      Written(EventType::kUserVar,
              UserVar(1, 63, LittleEndian(std::bit_cast<uint64_t>(1.5), 8))),
      IsOkAndHolds(R"({"variable":"v","value":"1.5"})"));
  const std::string minus_one = LittleEndian(UINT64_MAX, 8);
  EXPECT_THAT(Written(EventType::kUserVar, UserVar(2, 63, minus_one)),
              IsOkAndHolds(R"({"variable":"v","value":"-1"})"));
  EXPECT_THAT(
      Written(EventType::kUserVar, UserVar(2, 63, minus_one, "\1")),
      IsOkAndHolds(R"({"variable":"v","value":"18446744073709551615"})"));
  EXPECT_THAT(Written(EventType::kUserVar, UserVar(2, 63, minus_one, "")),
              IsOkAndHolds(R"({"variable":"v","value":"-1"})"));
  // DECIMAL(4,2) 12.34.
  EXPECT_THAT(Written(EventType::kUserVar,
                      UserVar(4, 63, std::string("\4\2\x8c\x22", 4))),
              IsOkAndHolds(R"({"variable":"v","value":"12.34"})"));
  EXPECT_THAT(Written(EventType::kUserVar,
                      LittleEndian(1, 4) + "v" + LittleEndian(1, 1)),
              IsOkAndHolds(R"({"variable":"v","value":null})"));
}

TEST(StatementVariableTest, RefusesDamagedBytes) {
  const std::string whole = UserVar(0, 8, "abc", "");
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(Written(EventType::kUserVar, whole.substr(0, size)),
                StatusIs(absl::StatusCode::kDataLoss))
        << size;
  }
  for (const std::string& body :
       {UserVar(2, 63, "1234567"), UserVar(1, 63, "123456789"),
        UserVar(3, 63, "row"), UserVar(4, 63, "\4"),
        UserVar(4, 63, std::string("\x42\0", 2)), UserVar(4, 63, "\4\5zzzz"),
        UserVar(4, 63, std::string("\4\2\x8c", 3))}) {
    EXPECT_THAT(Written(EventType::kUserVar, body),
                StatusIs(absl::StatusCode::kDataLoss));
  }
  EXPECT_THAT(
      Written(EventType::kIntvar, LittleEndian(3, 1) + LittleEndian(1, 8)),
      StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(
      Written(EventType::kRand, LittleEndian(3, 8)),
      StatusIs(absl::StatusCode::kDataLoss, testing::HasSubstr("RAND")));
  EXPECT_THAT(Written(EventType::kStop, ""), IsOkAndHolds("{}"));
}

}  // namespace
}  // namespace binferry::worker
