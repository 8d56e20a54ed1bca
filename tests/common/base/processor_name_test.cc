#include "common/base/processor_name.h"

#include <gtest/gtest.h>

namespace recbots {
namespace {

TEST(ProcessorNameTest, NamesTheFirstProcessor) {
  EXPECT_EQ(
      ProcessorNameIn("processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\n"
                      "model name\t: AMD EPYC 7B13\nflags\t\t: fpu avx2\n\nprocessor\t: 1\nmodel name\t: Other\n"),
      "AMD EPYC 7B13, family 25, model 1");
  EXPECT_EQ(ProcessorNameIn("model name\t: Some processor\n"), "Some processor");
}

TEST(ProcessorNameTest, SaysWhenTheSystemDoesNotSay) {
  EXPECT_EQ(ProcessorNameIn(""), "unknown");
  EXPECT_EQ(ProcessorNameIn("processor : 0\nCPU implementer : 0x41\n"), "unknown");
  EXPECT_FALSE(ProcessorName().empty());
}

}  // namespace
}  // namespace recbots
