// What the processor can do, and what this program was compiled for.
//
// A program with instructions that the processor lacks says so and ends with code 1 before anything else of it runs,
// even before the constructors of shared libraries (processor_start.cc). The check does not cover shared libraries that
// were themselves compiled for more than the processor has.
//
// On architectures other than x86-64 the set of features is empty, the level is 0, and nothing is checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace recbots {

// Bits of a set of features. The features listed are those that compilers use by themselves where -march allows it.
// clang-format off
enum class ProcessorFeature : int {
  kSse3, kSsse3, kSse41, kSse42, kPopcnt,                // x86-64-v2
  kAvx, kAvx2, kFma, kBmi, kBmi2, kLzcnt, kMovbe, kF16c,  // x86-64-v3
  kAvx512f, kAvx512bw, kAvx512cd, kAvx512dq, kAvx512vl,  // x86-64-v4
  kAvx512ifma, kAvx512vbmi, kAvx512vbmi2, kAvx512vnni, kAvx512bitalg, kAvx512vpopcntdq, kAvx512bf16, kAvx512fp16,
  kAvxvnni, kGfni, kVaes, kVpclmulqdq, kSha, kAdx, kSse4a, kFma4, kXop,
  kNumFeatures
};
// clang-format on

constexpr uint64_t FeatureBit(ProcessorFeature feature) { return uint64_t{1} << static_cast<int>(feature); }

// Features that this processor has and the operating system lets programs use.
uint64_t MachineFeatures();
// Features that the compiler was allowed to use in this program, and the value of RECBOTS_ARCH that allowed it.
uint64_t BuiltForFeatures();
std::string BuiltForArchitecture();

// "avx512f", ... in the order above.
std::vector<std::string> FeatureNames(uint64_t features);
// The highest N in 1..4 such that `features` has all features of x86-64-vN (1 is plain x86-64); 0 on other
// architectures.
int ArchitectureLevel(uint64_t features);
// "x86-64", "x86-64-v2", ...; "not x86-64" for level 0.
std::string ArchitectureName(int level);

}  // namespace recbots
