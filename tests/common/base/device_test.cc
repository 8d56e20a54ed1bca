#include "common/base/device.h"

#include <gtest/gtest.h>

#include <string>

namespace recbots {
namespace {

TEST(DeviceTest, ReadsWhatItPrints) {
  for (const Device& device : {Device(), Device{.cuda = true}, Device{.cuda = true, .index = 127}}) {
    const auto parsed = ParseDevice(DeviceName(device));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, device);
  }
  EXPECT_EQ(DeviceName({.cuda = true, .index = 3}), "cuda:3");
}

TEST(DeviceTest, KnowsTheFirstGpuAndTheOpenChoice) {
  EXPECT_EQ(*ParseDevice("cuda"), (Device{.cuda = true, .index = 0}));
  EXPECT_EQ(*ParseDevice("auto"), std::nullopt);
}

TEST(DeviceTest, RefusesEverythingElseByName) {
  for (const char* text :
       {"", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:+1", "cuda:01", "cuda: 1", "cuda:128", "cuda:1x", "cpu:0"}) {
    const auto parsed = ParseDevice(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().message(),
              "device \"" + std::string(text) + "\", want auto, cpu, cuda or cuda:0 to cuda:127");
  }
  EXPECT_EQ(ParseDevice("cuda\n").status().message(), "device \"cuda\\n\", want auto, cpu, cuda or cuda:0 to cuda:127");
}

}  // namespace
}  // namespace recbots
