#include "common/base/processor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

uint64_t UpTo(ProcessorFeature last) { return FeatureBit(last) * 2 - 1; }

TEST(ProcessorTest, LevelsAreThoseOfTheArchitecture) {
  EXPECT_EQ(ArchitectureLevel(UpTo(ProcessorFeature::kSse42)), 1) << "popcnt is missing";
  EXPECT_EQ(ArchitectureLevel(UpTo(ProcessorFeature::kPopcnt)), 2);
  EXPECT_EQ(ArchitectureLevel(UpTo(ProcessorFeature::kMovbe)), 2) << "f16c is missing";
  EXPECT_EQ(ArchitectureLevel(UpTo(ProcessorFeature::kF16c)), 3);
  EXPECT_EQ(ArchitectureLevel(UpTo(ProcessorFeature::kAvx512dq)), 3) << "avx512vl is missing";
  EXPECT_EQ(ArchitectureLevel(UpTo(ProcessorFeature::kAvx512vl)), 4);
  EXPECT_EQ(ArchitectureLevel(UpTo(ProcessorFeature::kXop)), 4);
  EXPECT_EQ(ArchitectureName(1), "x86-64");
  EXPECT_EQ(ArchitectureName(3), "x86-64-v3");
}

TEST(ProcessorTest, NamesFeatures) {
  EXPECT_THAT(FeatureNames(0), ::testing::IsEmpty());
  EXPECT_THAT(FeatureNames(FeatureBit(ProcessorFeature::kSse3) | FeatureBit(ProcessorFeature::kAvx512vl) |
                           FeatureBit(ProcessorFeature::kXop)),
              ::testing::ElementsAre("sse3", "avx512vl", "xop"));
}

TEST(ProcessorTest, ThisProgramRunsHere) {
  EXPECT_EQ(BuiltForFeatures() & ~MachineFeatures(), 0u);
  EXPECT_LE(ArchitectureLevel(BuiltForFeatures()), ArchitectureLevel(MachineFeatures()));
}

TEST(ProcessorTest, AProgramForAnotherProcessorSaysSoAndEndsBeforeAnythingElse) {
#ifndef __x86_64__
  GTEST_SKIP() << "nothing is checked";
#endif
  FILE* const pipe = popen(RECBOTS_PROCESSOR_PROBE " 2>&1", "r");
  ASSERT_NE(pipe, nullptr);
  std::string output;
  std::array<char, 256> piece;
  while (fgets(piece.data(), piece.size(), pipe) != nullptr) output += piece.data();
  const int status = pclose(pipe);
  ASSERT_TRUE(WIFEXITED(status)) << output;
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_THAT(output, AllOf(HasSubstr("compiled for another processor (RECBOTS_ARCH=made-up)"),
                            HasSubstr("this one lacks more."), HasSubstr("-DRECBOTS_ARCH=x86-64")));
  EXPECT_THAT(output, Not(HasSubstr("initialised")));
}

}  // namespace
}  // namespace recbots
