#include "tests/conformance/source_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/testing/event_builder.h"
#include "worker/binlog/testing/scripted_binlog_source.h"
#include "worker/pipeline/testing/scripted_server.h"
#include "worker/schema/testing/values.h"

namespace binferry::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SourceLogTest : public testing::Test {
 protected:
  SourceLogTest() {
    const auto add = [this](std::string event) {
      places_.push_back(next_place_);
      next_place_ = builder_.position();
      events_.push_back(std::move(event));
    };
    add(builder_.FakeRotate());
    add(builder_.FormatDescription());
    Gtid gtid;
    gtid.number = 1;
    add(builder_.Gtid(gtid));
    add(builder_.Query("h", "create table t(a int)"));
    ++gtid.number;
    add(builder_.Gtid(gtid));
    add(builder_.Query("h", "BEGIN"));
    add(builder_.TableMap(7, ours_));
    add(builder_.TableMap(8, others_));
    add(builder_.Rows(
        7, InsertOf(ours_, {{Signed(1), Text("a")}, {Signed(2), Text("b")}})));
    add(builder_.Rows(8, InsertOf(others_, {{Signed(1), Text("a")}})));
    add(builder_.Rows(7, DeleteOf(ours_, {{Signed(1), Text("a")}})));
    add(builder_.Raw(static_cast<uint8_t>(EventType::kIntvar),
                     std::string("\2\1\0\0\0\0\0\0\0", 9)));
    add(builder_.Xid(1));
  }

  // "KIND" and what makes it that, one line after the other.
  std::vector<std::string> LinesUntil(const Coordinates& to) {
    DatabaseObject rule;
    rule.name = "h";
    rule.all_tables = true;
    const auto selector = TableSelector::Create({.databases = {rule}});
    EXPECT_THAT(selector, IsOk());
    std::ostringstream out;
    ScriptedBinlogSource source(events_, absl::OutOfRangeError("the end"));
    EXPECT_THAT(
        SourceLog(&*selector, &out).Write({builder_.file(), 4}, to, &source),
        IsOk());
    std::vector<std::string> lines;
    std::istringstream in(out.str());
    for (std::string line; std::getline(in, line);) {
      const auto object = nlohmann::json::parse(line);
      std::string text = object["kind"];
      if (text == "query") {
        text = absl::HexStringToBytes(std::string(object["text"]));
      } else if (text == "rows") {
        text = absl::StrCat(std::string(object["change"]), " ",
                            std::string(object["table"]), " ",
                            object["count"].get<int>());
      } else if (text == "other") {
        text = absl::StrCat("type ", object["type"].get<int>());
      }
      lines.push_back(text);
      log_places_.push_back(object["position"]);
    }
    return lines;
  }

  const TableSchema ours_ = IdAndText("h", "t");
  const TableSchema others_ = IdAndText("elsewhere", "t");
  EventBuilder builder_;
  std::vector<std::string> events_;
  uint64_t next_place_ = 4;
  std::vector<uint64_t> places_;  // Where `events_` start.
  std::vector<uint64_t> log_places_;
};

TEST_F(SourceLogTest, ShowsStatementsAndTheRowsOfTheSelectionInOrder) {
  EXPECT_THAT(LinesUntil({"binlog.000009", 4}),
              ElementsAre("group", "create table t(a int)", "group", "BEGIN",
                          "insert t 2", "delete t 1", "type 5", "xid"));
  EXPECT_EQ(log_places_[0], places_[2]);
  EXPECT_EQ(log_places_[4], places_[8]);
}

TEST_F(SourceLogTest, EndsAtThePlace) {
  EXPECT_THAT(LinesUntil({builder_.file(), places_[4]}),
              ElementsAre("group", "create table t(a int)"));
  EXPECT_THAT(LinesUntil({builder_.file(), 4}), IsEmpty());
}

TEST(HasReachedTest, ComparesFilesByTheirNumbers) {
  EXPECT_TRUE(HasReached({"binlog.000002", 157}, {"binlog.000002", 157}));
  EXPECT_FALSE(HasReached({"binlog.000002", 156}, {"binlog.000002", 157}));
  EXPECT_TRUE(HasReached({"binlog.1000000", 4}, {"binlog.999999", 157}));
  EXPECT_FALSE(HasReached({"binlog.000001", 900}, {"binlog.000002", 4}));
}

}  // namespace
}  // namespace binferry::worker
