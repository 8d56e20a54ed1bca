// The features that the compiler was allowed to use in our own code. This file is compiled with the same -march as all
// other files, but contains no instruction, only data.
#include "common/base/processor.h"
#include "common/base/processor_check.h"

#ifndef RECBOTS_ARCH_TEXT
#define RECBOTS_ARCH_TEXT ""
#endif

namespace {

using recbots::FeatureBit;
using enum recbots::ProcessorFeature;

constexpr uint64_t kFeatures = 0
#ifdef __SSE3__
                               | FeatureBit(kSse3)
#endif
#ifdef __SSSE3__
                               | FeatureBit(kSsse3)
#endif
#ifdef __SSE4_1__
                               | FeatureBit(kSse41)
#endif
#ifdef __SSE4_2__
                               | FeatureBit(kSse42)
#endif
#ifdef __POPCNT__
                               | FeatureBit(kPopcnt)
#endif
#ifdef __AVX__
                               | FeatureBit(kAvx)
#endif
#ifdef __AVX2__
                               | FeatureBit(kAvx2)
#endif
#ifdef __FMA__
                               | FeatureBit(kFma)
#endif
#ifdef __BMI__
                               | FeatureBit(kBmi)
#endif
#ifdef __BMI2__
                               | FeatureBit(kBmi2)
#endif
#ifdef __LZCNT__
                               | FeatureBit(kLzcnt)
#endif
#ifdef __MOVBE__
                               | FeatureBit(kMovbe)
#endif
#ifdef __F16C__
                               | FeatureBit(kF16c)
#endif
#ifdef __AVX512F__
                               | FeatureBit(kAvx512f)
#endif
#ifdef __AVX512BW__
                               | FeatureBit(kAvx512bw)
#endif
#ifdef __AVX512CD__
                               | FeatureBit(kAvx512cd)
#endif
#ifdef __AVX512DQ__
                               | FeatureBit(kAvx512dq)
#endif
#ifdef __AVX512VL__
                               | FeatureBit(kAvx512vl)
#endif
#ifdef __AVX512IFMA__
                               | FeatureBit(kAvx512ifma)
#endif
#ifdef __AVX512VBMI__
                               | FeatureBit(kAvx512vbmi)
#endif
#ifdef __AVX512VBMI2__
                               | FeatureBit(kAvx512vbmi2)
#endif
#ifdef __AVX512VNNI__
                               | FeatureBit(kAvx512vnni)
#endif
#ifdef __AVX512BITALG__
                               | FeatureBit(kAvx512bitalg)
#endif
#ifdef __AVX512VPOPCNTDQ__
                               | FeatureBit(kAvx512vpopcntdq)
#endif
#ifdef __AVX512BF16__
                               | FeatureBit(kAvx512bf16)
#endif
#ifdef __AVX512FP16__
                               | FeatureBit(kAvx512fp16)
#endif
#ifdef __AVXVNNI__
                               | FeatureBit(kAvxvnni)
#endif
#ifdef __GFNI__
                               | FeatureBit(kGfni)
#endif
#ifdef __VAES__
                               | FeatureBit(kVaes)
#endif
#ifdef __VPCLMULQDQ__
                               | FeatureBit(kVpclmulqdq)
#endif
#ifdef __SHA__
                               | FeatureBit(kSha)
#endif
#ifdef __ADX__
                               | FeatureBit(kAdx)
#endif
#ifdef __SSE4A__
                               | FeatureBit(kSse4a)
#endif
#ifdef __FMA4__
                               | FeatureBit(kFma4)
#endif
#ifdef __XOP__
                               | FeatureBit(kXop)
#endif
    ;

}  // namespace

extern "C" {
const uint64_t recbots_built_for_features = kFeatures;
const char recbots_built_for_architecture[] = RECBOTS_ARCH_TEXT;
}
