// One register of floats of the instruction set that is compiled for (-march), and the few operations that dense.cc
// needs. Each is written out, so that the compiler does not decide which multiplications and additions are fused: it
// could fuse one copy of a loop and not another, and a value would depend on which of them computed it.
//
//            registers of   multiply-add
//   AVX-512  16 floats      fused
//   AVX2     8 floats       fused (with the FMA instructions that every x86-64-v3 processor has)
//   others   4 or 8 floats  a rounded product, then a sum
#pragma once

#include <cstring>

#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace recbots {

#if defined(__AVX512F__)
inline constexpr int kLanes = 16;
#elif defined(__AVX__)
inline constexpr int kLanes = 8;
#else
inline constexpr int kLanes = 4;
#endif

// Whether MultiplyAdd rounds only once. Programs with the same answer compute the same bits in dense.h.
#if defined(__AVX512F__) || (defined(__AVX__) && defined(__FMA__))
inline constexpr bool kFusedMultiplyAdd = true;
#else
inline constexpr bool kFusedMultiplyAdd = false;
#endif

using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));

inline Lanes LoadLanes(const float* from) {
  Lanes v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}
inline void StoreLanes(const Lanes& v, float* to) { std::memcpy(to, &v, sizeof(v)); }

// `a` in all lanes.
inline Lanes Broadcast(float a) {
#if defined(__AVX512F__)
  return _mm512_set1_ps(a);
#elif defined(__AVX__)
  return _mm256_set1_ps(a);
#else
  return Lanes{a, a, a, a};
#endif
}

// max(0, v), lane by lane; NaN stays, so that networks that have diverged do not look as if they had not.
inline Lanes Relu(const Lanes& v) {
#if defined(__AVX512F__)
  // Of NaN and 0 it returns the second operand. With a mask of ones: GCC 12 warns of the form without a mask.
  return _mm512_maskz_max_ps(0xFFFF, Lanes{}, v);
#elif defined(__AVX__)
  return _mm256_max_ps(Lanes{}, v);
#else
  return v < 0 ? Lanes{} : v;
#endif
}

// a * b + c, lane by lane.
inline Lanes MultiplyAdd(const Lanes& a, const Lanes& b, const Lanes& c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__AVX__) && defined(__FMA__)
  return _mm256_fmadd_ps(a, b, c);
#else
  // Two operations, as written: all of our code is compiled with -ffp-contract=off (cmake/recbots.cmake).
  return a * b + c;
#endif
}

}  // namespace recbots
