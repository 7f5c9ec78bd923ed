#include "worker/encode/arena.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace binferry::worker {
namespace {

constexpr size_t kSlabBytes = 64;

class ArenaTest : public testing::Test {
 protected:
  absl::string_view Store(const std::string& text) {
    const absl::Span<char> region = arena_.Open(text.size());
    EXPECT_GE(region.size(), text.size());
    std::memcpy(region.data(), text.data(), text.size());
    return arena_.Close(text.size());
  }

  Arena arena_{kSlabBytes};
};

TEST_F(ArenaTest, HoldsNothingAtFirst) {
  EXPECT_EQ(arena_.bytes_allocated(), 0u);
}

TEST_F(ArenaTest, TextsStayWhereTheyAre) {
  std::vector<absl::string_view> views;
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) {
    texts.push_back(std::string(static_cast<size_t>(i), static_cast<char>(i)));
    views.push_back(Store(texts.back()));
  }
  for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(views[i], texts[i]);
}

TEST_F(ArenaTest, GrowKeepsWhatWasWritten) {
  std::string expected;
  absl::Span<char> region = arena_.Open(1);
  for (size_t i = 0; i < 1000; ++i) {
    if (i == region.size()) region = arena_.Grow(i, 1);
    region[i] = static_cast<char>('a' + i % 26);
    expected.push_back(region[i]);
  }
  EXPECT_EQ(arena_.Close(1000), expected);
}

TEST_F(ArenaTest, SmallTextsShareASlab) {
  const absl::string_view first = Store("abc");
  const absl::string_view second = Store("def");
  EXPECT_EQ(first.data() + 3, second.data());
  EXPECT_EQ(arena_.bytes_allocated(), kSlabBytes);
}

TEST_F(ArenaTest, LargeTextTakesItsOwnSize) {
  Store("abc");
  absl::Span<char> region = arena_.Open(10);
  std::memset(region.data(), 'x', 10);
  region = arena_.Grow(10, 10'000);
  ASSERT_GE(region.size(), 10'010u);
  std::memset(region.data() + 10, 'y', 40);
  EXPECT_EQ(arena_.Close(50), std::string(10, 'x') + std::string(40, 'y'));
  EXPECT_EQ(arena_.bytes_allocated(), kSlabBytes + 50);
  EXPECT_EQ(Store("def"), "def");
  EXPECT_EQ(arena_.bytes_allocated(), kSlabBytes + 50);
}

TEST_F(ArenaTest, OpeningAgainDropsWhatWasNotClosed) {
  const absl::string_view first = Store("abc");
  arena_.Open(10);
  arena_.Grow(10, 1000);
  const absl::string_view second = Store("def");
  EXPECT_EQ(first.data() + 3, second.data());
  EXPECT_EQ(arena_.bytes_allocated(), kSlabBytes);
}

TEST_F(ArenaTest, ClearKeepsSlabsForTheNextTexts) {
  for (int i = 0; i < 10; ++i) Store(std::string(kSlabBytes, 'x'));
  Store(std::string(1000, 'x'));
  arena_.Clear();
  EXPECT_EQ(arena_.bytes_allocated(), 10 * kSlabBytes);
  for (int i = 0; i < 3; ++i) Store(std::string(kSlabBytes, 'x'));
  EXPECT_EQ(arena_.bytes_allocated(), 10 * kSlabBytes);
  arena_.Clear();
  EXPECT_EQ(arena_.bytes_allocated(), 3 * kSlabBytes);
}

TEST_F(ArenaTest, EmptyTextIsFine) {
  EXPECT_EQ(Store(""), "");
  EXPECT_EQ(Store("abc"), "abc");
}

}  // namespace
}  // namespace binferry::worker
