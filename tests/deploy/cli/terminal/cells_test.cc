#include "deploy/cli/terminal/cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace recbots {
namespace {

using ::testing::ElementsAre;

TEST(CellsTest, CountsWhatIsSeen) {
  EXPECT_EQ(CellsOf("abc"), 3);
  EXPECT_EQ(CellsOf(""), 0);
  EXPECT_EQ(CellsOf("\x1b[1;31mabc\x1b[0m"), 3);
  EXPECT_EQ(CellsOf("⣿é"), 2);
  EXPECT_EQ(CellsOf("e\u0301"), 1);       // A combining accent.
  EXPECT_EQ(CellsOf("\u6f22\u5b57"), 4);  // Two wide characters.
}

TEST(CellsTest, CutsAtTheCell) {
  EXPECT_EQ(CutTo("abcdef", 6), "abcdef");
  EXPECT_EQ(CutTo("abcdef", 4), "abc…");
  EXPECT_EQ(CutTo("abcdef", 1), "…");
  EXPECT_EQ(CutTo("abcdef", 0), "");
  EXPECT_EQ(CutTo("\u6f22\u5b57\u6f22", 4), "\u6f22…");  // The second would take the cell of the ellipsis.
  EXPECT_EQ(CutTo("\x1b[31mabcdef\x1b[0m", 3), "\x1b[31mab…\x1b[0m");
}

// For any text and width, what comes out takes exactly, or at most, the cells that were asked for.
TEST(CellsTest, NeverTakesMoreThanAskedFor) {
  const std::string text = "a\u6f22\x1b[32mb⣿\x1b[0mce\u0301\xff\u5b57 end";
  for (int cells = 0; cells <= 20; ++cells) {
    EXPECT_LE(CellsOf(CutTo(text, cells)), cells);
    EXPECT_EQ(CellsOf(PaddedTo(text, cells)), cells);
    EXPECT_EQ(CellsOf(RightIn(text, cells)), cells);
  }
}

TEST(CellsTest, WrapsBetweenWords) {
  EXPECT_THAT(Wrapped("one two  three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(Wrapped("extraordinary ok", 6), ElementsAre("extra…", "ok"));
  EXPECT_THAT(Wrapped("", 6), ElementsAre());
}

TEST(CellsTest, ForeignTextCannotDriveTheTerminal) {
  EXPECT_EQ(Harmless("\x1b[2Jname\n"), "\\x1b[2Jname\\x0a");
  EXPECT_EQ(Harmless("caf\u00e9 ⣿"), "caf\u00e9 ⣿");
  EXPECT_EQ(Harmless("\x80\xc3("), "\\x80\\xc3(");
  EXPECT_EQ(Harmless("\u009b2J"), "\\xc2\\x9b2J");  // The one-character form of ESC [.
}

}  // namespace
}  // namespace recbots
