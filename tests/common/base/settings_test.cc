#include "common/base/settings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

enum class Water { kSweet = 1, kSalt = 2 };

struct LampOptions {
  RECBOTS_SETTINGS;
  RECBOTS_SETTING(double, watts, Between(0, 100), 5);
};

struct PondOptions {
  RECBOTS_SETTINGS;
  RECBOTS_SETTING(int, num_fish, Between(1, 1000000), 10);

  RECBOTS_SETTING(int, num_frogs, Between(0, num_fish, " (num_fish)"), 3);  // A setting may end on a later line
  RECBOTS_SETTING(std::vector<double>, share_of_species, Between(0, 1),     // than it begins on.
                  {0.25, 0.75});
  RECBOTS_SETTING(double, litres, Above(0, 1e9), 50.0 * num_fish);
  RECBOTS_SETTING(Water, water, Between(1, 2), Water::kSweet);
  RECBOTS_SETTING(std::string, name, AnyValue(), "pond");
  RECBOTS_SETTING(uint64_t, seed, AnyValue(), 7);
  RECBOTS_SETTING(bool, heated, AnyValue(), true);
  RECBOTS_SETTING(LampOptions, lamp, AnyValue(), {.watts = 20});
};

std::string Refusal(const PondOptions& options) { return std::string(CheckSettings(options).message()); }

TEST(SettingsTest, AreMembersWithDefaults) {
  constexpr auto sum = [](const std::vector<double>& values) { return values[0] + values[1]; };
  const PondOptions options = {.num_fish = 20, .name = "sea"};
  EXPECT_EQ(options.num_fish, 20);
  EXPECT_EQ(options.num_frogs, 3);
  EXPECT_EQ(options.litres, 1000);
  EXPECT_EQ(sum(options.share_of_species), 1);
  EXPECT_EQ(options.name, "sea");
  EXPECT_EQ(options.lamp.watts, 20);
}

TEST(SettingsTest, AreListedInTheirOrderAndMayBeChanged) {
  PondOptions options;
  std::string names;
  options.ForEachField([&names](const char* name, auto& member, const Range&) {
    absl::StrAppend(&names, name, " ");
    if constexpr (std::is_same_v<decltype(member), int&>) member += 1;
  });
  EXPECT_EQ(names, "num_fish num_frogs share_of_species litres water name seed heated lamp ");
  EXPECT_EQ(options.num_fish, 11);
  EXPECT_EQ(options.num_frogs, 4);
}

TEST(SettingsTest, AreHeldToTheirRanges) {
  EXPECT_TRUE(CheckSettings(PondOptions()).ok());
  EXPECT_EQ(CheckSettings(PondOptions{.num_fish = 0}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Refusal({.num_fish = 0}), "num_fish 0, want 1..1000000");
  EXPECT_EQ(Refusal({.num_fish = 1000001}), "num_fish 1000001, want 1..1000000");
  EXPECT_EQ(Refusal({.num_frogs = 11}), "num_frogs 11, want 0..10 (num_fish)");
  EXPECT_EQ(Refusal({.share_of_species = {0.5, 1.5}}), "share_of_species[1] 1.5, want 0..1");
  EXPECT_EQ(Refusal({.share_of_species = {std::nan(""), 2}}), "share_of_species[0] nan, want 0..1");
  EXPECT_EQ(Refusal({.litres = 0}), "litres 0, want more than 0, at most 1e+09");
  EXPECT_EQ(Refusal({.litres = 2e9}), "litres 2e+09, want more than 0, at most 1e+09");
  EXPECT_EQ(Refusal({.litres = std::nan("")}), "litres nan, want more than 0, at most 1e+09");
  EXPECT_EQ(Refusal({.water = static_cast<Water>(3)}), "water 3, want 1..2");
  EXPECT_EQ(Refusal({.num_fish = 0, .litres = -1}), "num_fish 0, want 1..1000000") << "the first one";
}

TEST(SettingsTest, OptionsWithinOptionsCheckThemselves) {
  const PondOptions options = {.lamp = {.watts = 200}};
  EXPECT_TRUE(CheckSettings(options).ok());
  EXPECT_EQ(WithPath("lamp", CheckSettings(options.lamp)).message(), "lamp.watts 200, want 0..100");
  EXPECT_TRUE(WithPath("lamp", absl::OkStatus()).ok());
}

}  // namespace
}  // namespace recbots
