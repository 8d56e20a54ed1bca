#include "common/metrics/status_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace recbots {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<StatusSection> kSections = {{"Run", {{"updates", "41200"}, {"bound by", "learner"}}},
                                              {"Actors <1>", {{"a & b", "\"<script>\""}}}};

TEST(StatusPageTest, HtmlShowsRoleUptimeSectionsAndLinks) {
  const std::string page = StatusHtml("learner", absl::Seconds(3661.5), kSections);
  for (const std::string part :
       {"recbots learner", "up 1h1m1s", "<h2>Run</h2>", "updates", "41200", "href=\"/metrics\"", "href=\"/healthz\"",
        "name=\"viewport\"", "http-equiv=\"refresh\" content=\"2\""}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

TEST(StatusPageTest, HtmlEscapesWhatItIsGiven) {
  const std::string page = StatusHtml("<b>", absl::ZeroDuration(), kSections);
  EXPECT_THAT(page, HasSubstr("Actors &lt;1&gt;"));
  EXPECT_THAT(page, HasSubstr("a &amp; b"));
  EXPECT_THAT(page, HasSubstr("&quot;&lt;script&gt;&quot;"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
}

TEST(StatusPageTest, HtmlNeedsNothingBesides) {
  const std::string page = StatusHtml("actor", absl::ZeroDuration(), {});
  EXPECT_THAT(page, Not(HasSubstr("http://")));
  EXPECT_THAT(page, Not(HasSubstr("https://")));
  EXPECT_THAT(page, Not(HasSubstr(" src=")));
}

TEST(StatusPageTest, TextIsOneLinePerRow) {
  EXPECT_EQ(StatusText("learner", absl::Seconds(61), kSections),
            "learner, up 1m1s\n\nRun\n  updates: 41200\n  bound by: learner\n\nActors <1>\n  a & b: \"<script>\"\n");
}

}  // namespace
}  // namespace recbots
