#include "deploy/cli/figures/svg_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace recbots {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Plot SmallPlot() {
  return {.title = "A < B",
          .x_label = "env steps",
          .y_label = "reward",
          .series = {{"ours", {0, 50000, 100000}, {160, 200, 250}, {160, 190, 240}, {160, 210, 260}}},
          .levels = {{"random 160.0", 160}, {"myopic 162.0", 162}}};
}

constexpr char kSmallPlot[] =
    R"svg(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 520" font-family="sans-serif" font-size="13" role="img" aria-label="A &lt; B: reward over env steps">
<rect width="900" height="520" fill="white"/>
<text x="70.0" y="28.0" text-anchor="start" font-size="16" font-weight="bold">A &lt; B</text>
<line x1="70.0" y1="460.0" x2="730.0" y2="460.0" stroke="#dddddd"/>
<text x="62.0" y="464.0" text-anchor="end">160</text>
<line x1="70.0" y1="378.0" x2="730.0" y2="378.0" stroke="#dddddd"/>
<text x="62.0" y="382.0" text-anchor="end">180</text>
<line x1="70.0" y1="296.0" x2="730.0" y2="296.0" stroke="#dddddd"/>
<text x="62.0" y="300.0" text-anchor="end">200</text>
<line x1="70.0" y1="214.0" x2="730.0" y2="214.0" stroke="#dddddd"/>
<text x="62.0" y="218.0" text-anchor="end">220</text>
<line x1="70.0" y1="132.0" x2="730.0" y2="132.0" stroke="#dddddd"/>
<text x="62.0" y="136.0" text-anchor="end">240</text>
<line x1="70.0" y1="50.0" x2="730.0" y2="50.0" stroke="#dddddd"/>
<text x="62.0" y="54.0" text-anchor="end">260</text>
<line x1="70.0" y1="460.0" x2="70.0" y2="465.0" stroke="black"/>
<text x="70.0" y="480.0" text-anchor="middle">0</text>
<line x1="202.0" y1="460.0" x2="202.0" y2="465.0" stroke="black"/>
<text x="202.0" y="480.0" text-anchor="middle">20 k</text>
<line x1="334.0" y1="460.0" x2="334.0" y2="465.0" stroke="black"/>
<text x="334.0" y="480.0" text-anchor="middle">40 k</text>
<line x1="466.0" y1="460.0" x2="466.0" y2="465.0" stroke="black"/>
<text x="466.0" y="480.0" text-anchor="middle">60 k</text>
<line x1="598.0" y1="460.0" x2="598.0" y2="465.0" stroke="black"/>
<text x="598.0" y="480.0" text-anchor="middle">80 k</text>
<line x1="730.0" y1="460.0" x2="730.0" y2="465.0" stroke="black"/>
<text x="730.0" y="480.0" text-anchor="middle">100 k</text>
<line x1="70.0" y1="460.0" x2="730.0" y2="460.0" stroke="black"/>
<line x1="70.0" y1="50.0" x2="70.0" y2="460.0" stroke="black"/>
<text x="400.0" y="505.0" text-anchor="middle">env steps</text>
<text x="18.0" y="255.0" text-anchor="middle" transform="rotate(-90 18 255.0)">reward</text>
<line x1="70.0" y1="460.0" x2="730.0" y2="460.0" stroke="#666666" stroke-dasharray="6 4"/>
<text x="736.0" y="464.0" text-anchor="start" fill="#444444">random 160.0</text>
<line x1="70.0" y1="451.8" x2="730.0" y2="451.8" stroke="#666666" stroke-dasharray="6 4"/>
<text x="736.0" y="449.0" text-anchor="start" fill="#444444">myopic 162.0</text>
<rect x="76.0" y="51.0" width="72.8" height="26.0" fill="white" fill-opacity="0.85"/>
<line x1="82.0" y1="61.0" x2="106.0" y2="61.0" stroke="#0072b2" stroke-width="3"/>
<text x="112.0" y="65.0" text-anchor="start">ours</text>
<polygon points="70.0,460.0 400.0,255.0 730.0,50.0 730.0,132.0 400.0,337.0 70.0,460.0" fill="#0072b2" fill-opacity="0.2"/>
<polyline points="70.0,460.0 400.0,296.0 730.0,91.0" fill="none" stroke="#0072b2" stroke-width="2"/>
</svg>
)svg";

TEST(SvgPlotTest, DrawsAxesLevelsBandLineAndLegend) { EXPECT_EQ(RenderSvg(SmallPlot()), kSmallPlot); }

TEST(SvgPlotTest, NamesOfLevelsThatAreCloseAreMovedApart) {
  const std::string svg = RenderSvg(SmallPlot());
  EXPECT_THAT(svg, HasSubstr("y=\"464.0\" text-anchor=\"start\" fill=\"#444444\">random"));
  EXPECT_THAT(svg, HasSubstr("y=\"449.0\" text-anchor=\"start\" fill=\"#444444\">myopic"));
}

TEST(SvgPlotTest, AnEmptyPlotHasAxesFromZeroToOne) {
  const std::string svg = RenderSvg({});
  EXPECT_THAT(svg, HasSubstr(">1</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(SvgPlotTest, ManySeriesAndOneValueAloneStayInsideTheFrame) {
  Plot plot;
  for (int i = 0; i < 9; ++i) plot.series.push_back({"s", {10}, {5}, {5}, {5}});
  const std::string svg = RenderSvg(plot);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(SvgPlotTest, StepsOfAnAxisAreRound) {
  EXPECT_DOUBLE_EQ(TickStep(300000, 6), 50000);
  EXPECT_DOUBLE_EQ(TickStep(120, 7), 20);
  EXPECT_DOUBLE_EQ(TickStep(1, 6), 0.2);
  EXPECT_DOUBLE_EQ(TickStep(7, 7), 1);
  for (double range = 0.013; range < 1e7; range *= 1.7) {
    const double step = TickStep(range, 6);
    EXPECT_LE(range / step, 6.0 + 1e-9) << range;
    EXPECT_GE(range / step, 2.0) << range;
  }
}

TEST(SvgPlotTest, NumbersOfAnAxisAreShort) {
  EXPECT_EQ(ShortNumber(0), "0");
  EXPECT_EQ(ShortNumber(-0.4), "-0.4");
  EXPECT_EQ(ShortNumber(160), "160");
  EXPECT_EQ(ShortNumber(5000), "5000");
  EXPECT_EQ(ShortNumber(300000), "300 k");
  EXPECT_EQ(ShortNumber(2500000), "2.5 M");
}

}  // namespace
}  // namespace recbots
