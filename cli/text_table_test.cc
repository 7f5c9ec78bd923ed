#include "cli/text_table.h"

#include <gtest/gtest.h>

namespace binferry::cli {
namespace {

TEST(TextTableTest, ColumnsAreAsWideAsNeeded) {
  EXPECT_EQ(FormatTable({{"A", "B"}, {"long", "x"}}), "A     B\nlong  x\n");
}

TEST(TextTableTest, LinesOfAPageStandBelowEachOther) {
  std::string page;
  AppendLine("Objects", "a\nb", &page);
  AppendLine("Nothing", "", &page);
  AppendLine("", "c", &page);
  EXPECT_EQ(page,
            "Objects:       a\n"
            "               b\n"
            "               c\n");
}

}  // namespace
}  // namespace binferry::cli
