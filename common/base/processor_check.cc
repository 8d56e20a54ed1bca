// Asks the processor for its features.
//
// This file, as processor_start.cc that uses it before anything else runs, is compiled for plain x86-64, and uses
// nothing but its own functions: a function from a header might be the copy that the linker took from a file compiled
// for more.
#include "common/base/processor_check.h"

#include "common/base/processor.h"

extern "C" {

const char* const recbots_feature_names[] = {
    "sse3",       "ssse3",      "sse4.1",      "sse4.2",     "popcnt",       "avx",
    "avx2",       "fma",        "bmi",         "bmi2",       "lzcnt",        "movbe",
    "f16c",       "avx512f",    "avx512bw",    "avx512cd",   "avx512dq",     "avx512vl",
    "avx512ifma", "avx512vbmi", "avx512vbmi2", "avx512vnni", "avx512bitalg", "avx512vpopcntdq",
    "avx512bf16", "avx512fp16", "avxvnni",     "gfni",       "vaes",         "vpclmulqdq",
    "sha",        "adx",        "sse4a",       "fma4",       "xop"};
static_assert(sizeof(recbots_feature_names) / sizeof(recbots_feature_names[0]) ==
              static_cast<int>(recbots::ProcessorFeature::kNumFeatures));

uint64_t recbots_machine_features(void) {
  uint64_t features = 0;
#ifdef __x86_64__
  __builtin_cpu_init();
#define RECBOTS_ASK(feature, name) \
  if (__builtin_cpu_supports(name)) features |= uint64_t{1} << static_cast<int>(recbots::ProcessorFeature::feature)
  RECBOTS_ASK(kSse3, "sse3");
  RECBOTS_ASK(kSsse3, "ssse3");
  RECBOTS_ASK(kSse41, "sse4.1");
  RECBOTS_ASK(kSse42, "sse4.2");
  RECBOTS_ASK(kPopcnt, "popcnt");
  RECBOTS_ASK(kAvx, "avx");
  RECBOTS_ASK(kAvx2, "avx2");
  RECBOTS_ASK(kFma, "fma");
  RECBOTS_ASK(kBmi, "bmi");
  RECBOTS_ASK(kBmi2, "bmi2");
  RECBOTS_ASK(kAvx512f, "avx512f");
  RECBOTS_ASK(kAvx512bw, "avx512bw");
  RECBOTS_ASK(kAvx512cd, "avx512cd");
  RECBOTS_ASK(kAvx512dq, "avx512dq");
  RECBOTS_ASK(kAvx512vl, "avx512vl");
  RECBOTS_ASK(kAvx512ifma, "avx512ifma");
  RECBOTS_ASK(kAvx512vbmi, "avx512vbmi");
  RECBOTS_ASK(kAvx512vbmi2, "avx512vbmi2");
  RECBOTS_ASK(kAvx512vnni, "avx512vnni");
  RECBOTS_ASK(kAvx512bitalg, "avx512bitalg");
  RECBOTS_ASK(kAvx512vpopcntdq, "avx512vpopcntdq");
  RECBOTS_ASK(kAvx512bf16, "avx512bf16");
  RECBOTS_ASK(kGfni, "gfni");
  RECBOTS_ASK(kVpclmulqdq, "vpclmulqdq");
  RECBOTS_ASK(kSse4a, "sse4a");
  RECBOTS_ASK(kFma4, "fma4");
  RECBOTS_ASK(kXop, "xop");
#ifdef __clang__
  // clang cannot ask for these. Processors with AVX2 have the first three; we refuse to run for none of the others.
  if (__builtin_cpu_supports("avx2")) {
    for (const auto feature :
         {recbots::ProcessorFeature::kLzcnt, recbots::ProcessorFeature::kMovbe, recbots::ProcessorFeature::kF16c}) {
      features |= uint64_t{1} << static_cast<int>(feature);
    }
  }
  for (const auto feature :
       {recbots::ProcessorFeature::kAvx512fp16, recbots::ProcessorFeature::kAvxvnni, recbots::ProcessorFeature::kVaes,
        recbots::ProcessorFeature::kSha, recbots::ProcessorFeature::kAdx}) {
    features |= uint64_t{1} << static_cast<int>(feature);
  }
#else
  RECBOTS_ASK(kLzcnt, "lzcnt");
  RECBOTS_ASK(kMovbe, "movbe");
  RECBOTS_ASK(kF16c, "f16c");
  RECBOTS_ASK(kAvx512fp16, "avx512fp16");
  RECBOTS_ASK(kAvxvnni, "avxvnni");
  RECBOTS_ASK(kVaes, "vaes");
  RECBOTS_ASK(kSha, "sha");
  RECBOTS_ASK(kAdx, "adx");
#endif
#undef RECBOTS_ASK
#endif
  return features;
}

}  // extern "C"
