#include "common/base/random_batch.h"

#include "common/base/log.h"

namespace recbots {
namespace {

constexpr uint64_t kLow = 0xFFFFFFFF;

}  // namespace

void BlockBatch::Fill(uint64_t seed, Purpose purpose, absl::Span<const StreamPosition> positions) {
  const size_t n = positions.size();
  RECBOTS_CHECK(n <= kCapacity) << "positions " << n << ", want 0.." << kCapacity;
  const StreamPosition* const from = positions.data();
  for (size_t i = 0; i < n; ++i) {
    lanes_[1][i] = from[i].step;
    lanes_[2][i] = from[i].episode;
    lanes_[3][i] = from[i].stream;
  }
  const uint64_t first = uint64_t{static_cast<uint16_t>(purpose)} << 16;
  // Written out instead of calling Philox4x32: with the words held in 64-bit lanes a round is two multiplications, four
  // shifts or masks and two xors, and no lane changes its place. random_batch_test.cc holds both to the same numbers.
  for (size_t i = 0; i < n; ++i) {
    uint64_t c0 = first;
    uint64_t c1 = lanes_[1][i];
    uint64_t c2 = lanes_[2][i];
    uint64_t c3 = lanes_[3][i];
    auto key0 = static_cast<uint32_t>(seed);
    auto key1 = static_cast<uint32_t>(seed >> 32);
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const uint64_t product0 = uint64_t{0xD2511F53} * (c0 & kLow);
      const uint64_t product1 = uint64_t{0xCD9E8D57} * (c2 & kLow);
      c0 = (product1 >> 32) ^ c1 ^ key0;
      c1 = product1 & kLow;
      c2 = (product0 >> 32) ^ c3 ^ key1;
      c3 = product0 & kLow;
      key0 += 0x9E3779B9;
      key1 += 0xBB67AE85;
    }
    lanes_[0][i] = static_cast<uint32_t>(c0);
    lanes_[1][i] = static_cast<uint32_t>(c1);
    lanes_[2][i] = static_cast<uint32_t>(c2);
    lanes_[3][i] = static_cast<uint32_t>(c3);
  }
}

}  // namespace recbots
