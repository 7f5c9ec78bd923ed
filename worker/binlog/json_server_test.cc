// The JSON of a real server's binlog beside what its SELECT prints.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_decoder.h"
#include "worker/binlog/json_binary.h"
#include "worker/binlog/json_diff.h"
#include "worker/binlog/testing/random_json.h"
#include "worker/mysql/mysql_binlog_source.h"
#include "worker/mysql/source_catalog.h"
#include "worker/mysql/start_position.h"
#include "worker/mysql/testing/test_server.h"

namespace binferry::worker {
namespace {

// A table's JSON by the row's number, and the texts that it has had.
using History = std::map<uint64_t, std::vector<std::string>>;

void Note(uint64_t id, const std::string& text, History* history) {
  std::vector<std::string>& texts = (*history)[id];
  if (texts.empty() || texts.back() != text) texts.push_back(text);
}

// Follows the rows events of tables (id INT NOT NULL, j JSON), on its own feet:
// the bytes of documents and diffs are what is tested here.
class JsonRows {
 public:
  void Take(const EventFrame& frame) {
    ByteReader body(frame.body);
    body.Skip(6 + 2);  // Table id, flags.
    body.Skip(body.U16() - 2u);
    const bool is_update = !frame.header.Is(EventType::kWriteRows);
    ASSERT_EQ(body.Packed(), 2u);
    body.Skip(is_update ? 2 : 1);  // Bitmaps: all columns.
    const bool is_partial = frame.header.Is(EventType::kPartialUpdateRows);
    while (!body.AtEnd() && !testing::Test::HasFailure()) {
      absl::string_view before;
      if (is_update) TakeImage(false, before, &body, &before);
      TakeImage(is_partial, before, &body, nullptr);
      ASSERT_TRUE(body.ok());
    }
  }

  const History& history() const { return history_; }
  int diffs() const { return diffs_; }

 private:
  // An image; a `document` is asked for of before images only.
  void TakeImage(bool is_partial, absl::string_view before, ByteReader* body,
                 absl::string_view* document) {
    const bool has_diffs =
        is_partial && (body->Packed() & 1) != 0 && (body->U8() & 1) != 0;
    const bool is_null = (body->U8() & 2) != 0;
    const uint64_t id = body->U32();
    std::string text = "NULL";
    if (!is_null) {
      text.clear();
      const absl::string_view value = body->Text(body->U32());
      ASSERT_THAT(has_diffs ? AppendPatchedJsonText(before, value, &text)
                            : AppendJsonText(value, &text),
                  IsOk());
      if (has_diffs && !value.empty()) ++diffs_;
      if (document != nullptr) *document = value;
    }
    if (document == nullptr) return Note(id, text, &history_);
    EXPECT_EQ(text, history_[id].back()) << "the before image of " << id;
  }

  History history_;
  int diffs_ = 0;  // Values that came as diffs.
};

class JsonServerTest : public TestServer {
 protected:
  void SetUp() override {
    TestServer::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const char* const seed_text = std::getenv("BINFERRY_SEED");
    uint64_t seed = std::random_device()();
    ASSERT_TRUE(seed_text == nullptr || absl::SimpleAtoi(seed_text, &seed));
    std::printf("BINFERRY_SEED=%llu\n", static_cast<unsigned long long>(seed));
    random_ = RandomJson(seed);
    Run("SET binlog_row_image = 'FULL'");
    Run("SET binlog_row_value_options = ''");
    table_ = absl::StrCat(
        "json_of_",
        testing::UnitTest::GetInstance()->current_test_info()->name());
    Run("DROP TABLE IF EXISTS " + table_);
    Run(absl::StrCat("CREATE TABLE ", table_,
                     " (id INT PRIMARY KEY AUTO_INCREMENT, j JSON)"));
    const auto history = ReadSourceHistory(root_.get());
    ASSERT_THAT(history, IsOk());
    const auto start = ResolveStartPosition(StartNow{}, *history);
    ASSERT_THAT(start, IsOk());
    start_ = *start;
  }

  void Insert(const std::string& expression) {
    Run(absl::StrCat("INSERT INTO ", table_, " (j) VALUES (", expression, ")"));
  }

  // Notes what SELECT prints now, of some rows or all.
  void Select(const std::string& where = "") {
    for (const TextRow& row :
         Run(absl::StrCat("SELECT id, j FROM ", table_, where))) {
      uint64_t id = 0;
      ASSERT_TRUE(absl::SimpleAtoi(*row[0], &id));
      // MySQL 8.0.12 does not escape the ends of lines in base64.
      Note(id, absl::StrReplaceAll(row[1].value_or("NULL"), {{"\n", "\\n"}}),
           &selected_);
    }
  }

  // Reads what the binlog has since SetUp() and compares it with all Select()s.
  void Compare() {
    MysqlSourceOptions options;
    options.connection = options_;
    options.dump.server_id = 4027;
    options.dump.replica_uuid = RunForText("SELECT UUID()");
    options.dump.stop_at_end = true;
    auto source = MysqlBinlogSource::Create(options, start_);
    ASSERT_THAT(source, IsOk());
    EventDecoder decoder;
    for (;;) {
      const auto raw = (*source)->Next();
      if (absl::IsOutOfRange(raw.status())) break;
      ASSERT_THAT(raw, IsOk());
      const auto frame = decoder.Frame(*raw);
      ASSERT_THAT(frame, IsOk());
      // Other tests may use the server at the same time.
      if (frame->header.Is(EventType::kTableMap)) {
        is_ours_ = absl::StrContains(AsText(frame->body), table_);
      }
      const bool is_rows = frame->header.Is(EventType::kWriteRows) ||
                           frame->header.Is(EventType::kUpdateRows) ||
                           frame->header.Is(EventType::kPartialUpdateRows);
      if (is_rows && is_ours_) rows_.Take(*frame);
      if (HasFailure()) return;
    }
    ASSERT_FALSE(selected_.empty());
    for (const auto& [id, texts] : selected_) {
      ASSERT_EQ(rows_.history().count(id), 1u) << id;
      const std::vector<std::string>& read = rows_.history().at(id);
      for (size_t i = 0; i < texts.size() && i < read.size(); ++i) {
        ASSERT_EQ(read[i], texts[i]) << "row " << id << ", version " << i;
      }
      ASSERT_EQ(read.size(), texts.size()) << "row " << id;
    }
  }

  RandomJson random_{0};
  std::string table_;
  Checkpoint start_;
  bool is_ours_ = false;
  History selected_;
  JsonRows rows_;
};

TEST_F(JsonServerTest, DoublesAtEveryPowerOfTwo) {
  for (int exponent = -1074; exponent <= 1023; exponent += 8) {
    std::vector<std::string> numbers;
    for (int i = exponent; i < exponent + 8 && i <= 1023; ++i) {
      const double power = std::ldexp(1.0, i);
      for (const double number : {power, std::nextafter(power, 0.0),
                                  -std::nextafter(power, INFINITY)}) {
        numbers.push_back(absl::StrFormat("%.17e", number));
      }
    }
    Insert(absl::StrCat("JSON_ARRAY(", absl::StrJoin(numbers, ","), ")"));
  }
  Select();
  Compare();
}

TEST_F(JsonServerTest, DoublesAtEveryPowerOfTen) {
  std::vector<std::string> numbers = {"0e0", "-0e0", "1.7976931348623157e308",
                                      "18446744073709551616e0"};
  for (int exponent = -323; exponent <= 307; ++exponent) {
    for (const absl::string_view digits :
         {"1", "9.999999999999999", "-1.234567890123456", "1.2345678901234567",
          "9.5"}) {
      numbers.push_back(absl::StrCat(digits, "e", exponent));
    }
  }
  Insert(absl::StrCat("JSON_ARRAY(", absl::StrJoin(numbers, ","), ")"));
  Select();
  Compare();
}

TEST_F(JsonServerTest, RandomDoubles) {
  for (int row = 0; row < 20; ++row) {
    std::vector<std::string> numbers;
    for (int i = 0; i < 1000; ++i) numbers.push_back(random_.Double());
    Insert(absl::StrCat("JSON_ARRAY(", absl::StrJoin(numbers, ","), ")"));
  }
  Select();
  Compare();
}

TEST_F(JsonServerTest, RandomDocuments) {
  for (int row = 0; row < 500; ++row) Insert(random_.Document());
  Insert("NULL");
  Insert("'null'");
  Select();
  Compare();
}

TEST_F(JsonServerTest, ValuesOfColumnTypes) {
  Run("SET sql_mode = ''");
  Run("CREATE TEMPORARY TABLE t (a BIT(13), b ENUM('x','y'), c SET('x','y'), "
      "d YEAR, e DATE, f DATETIME(3), g TIMESTAMP(6) NULL, h TIME(1), i FLOAT, "
      "j BINARY(5), k VARBINARY(200), l BLOB, m CHAR(5), n DECIMAL(65,30), "
      "o BIGINT UNSIGNED, p BOOL)");
  Run("INSERT INTO t VALUES (b'1010', 'y', 'x,y', 1901, '0000-00-00', "
      "'2020-00-00', '2024-01-02 03:04:05.000006', '-838:59:59', 0.1, 'ab', "
      "REPEAT('x', 200), REPEAT('y', 5000), 'é', -1.5, 18446744073709551615, "
      "true), (0, '', '', 0, '2020-02-31', '9999-12-31 23:59:59.999', 0, "
      "'-00:00:00.1', -3e38, '', '', '', '', 0, 0, 0)");
  Run(absl::StrCat("INSERT INTO ", table_,
                   " (j) SELECT JSON_ARRAY(a, b, c, d, e, f, g, h, i, j, k, l, "
                   "m, n, o, p) FROM t"));
  Select();
  Compare();
}

TEST_F(JsonServerTest, RandomPartialUpdates) {
  Run("SET binlog_row_value_options = 'PARTIAL_JSON'");
  for (int row = 0; row < 60; ++row) {
    Insert(absl::StrCat("JSON_ARRAY(", random_.Document(),
                        ", JSON_OBJECT('a', ", random_.Document(), ", 'b', ",
                        random_.Document(), "), REPEAT('long', ", row, "))"));
  }
  Select();
  for (int round = 0; round < 800; ++round) {
    const std::string where = absl::StrCat(" WHERE id % 20 = ", round % 20);
    Run(absl::StrCat("UPDATE ", table_, " SET j = ", random_.Update("j"),
                     where));
    Select(where);
    if (HasFailure()) return;
  }
  Compare();
  EXPECT_GT(rows_.diffs(), 500);
}

}  // namespace
}  // namespace binferry::worker
