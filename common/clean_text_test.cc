#include "common/clean_text.h"

#include <gtest/gtest.h>

namespace binferry {
namespace {

TEST(CleanTextTest, LeavesTextAsItIs) {
  const std::string text = "a\n\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\x7f";
  EXPECT_EQ(CleanText(text), text);
  EXPECT_EQ(CleanText(""), "");
}

TEST(CleanTextTest, ReplacesEachByteThatIsNoText) {
  EXPECT_EQ(CleanText(std::string("a\0b", 3)), "a?b");
  EXPECT_EQ(CleanText("\xff\xfe"
                      "a"),
            "??a");
  EXPECT_EQ(CleanText("\xe4\xb8"), "??");  // Cut off.
  EXPECT_EQ(CleanText("\xe4"
                      "a\xb8"),
            "?a?");                                  // Torn apart.
  EXPECT_EQ(CleanText("\xc0\xaf"), "??");            // Longer than needed.
  EXPECT_EQ(CleanText("\xed\xa0\x80"), "???");       // Half of a pair.
  EXPECT_EQ(CleanText("\xf4\x90\x80\x80"), "????");  // Above U+10FFFF.
}

}  // namespace
}  // namespace binferry
