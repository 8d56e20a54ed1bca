#include "common/base/random_batch.h"

#include "common/base/log.h"

namespace recbots {
namespace {

constexpr uint64_t kLow = 0xFFFFFFFF;

// The words of one block.
struct Words {
  uint64_t c0, c1, c2, c3;
};

// The rounds are written out instead of calling Philox4x32: with the words in 64-bit lanes a round takes two
// multiplications, four shifts or masks and two xors, and no lane changes its place. random_batch_test.cc checks that
// both give the same numbers.
[[gnu::always_inline]] inline Words Rounds(Words in, uint64_t seed) {
  auto [c0, c1, c2, c3] = in;
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
  return {c0, c1, c2, c3};
}

uint64_t FirstCounter(Purpose purpose) { return uint64_t{static_cast<uint16_t>(purpose)} << 16; }

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
  const uint64_t first = FirstCounter(purpose);
  for (size_t i = 0; i < n; ++i) {
    const Words words = Rounds({first, lanes_[1][i], lanes_[2][i], lanes_[3][i]}, seed);
    lanes_[0][i] = static_cast<uint32_t>(words.c0);
    lanes_[1][i] = static_cast<uint32_t>(words.c1);
    lanes_[2][i] = static_cast<uint32_t>(words.c2);
    lanes_[3][i] = static_cast<uint32_t>(words.c3);
  }
}

void BlockRun::Fill(uint64_t seed, Purpose purpose, StreamPosition position, uint32_t num_blocks) {
  RECBOTS_CHECK(num_blocks >= 1 && num_blocks <= kCapacity) << "num_blocks " << num_blocks << ", want 1.." << kCapacity;
  const uint64_t first = FirstCounter(purpose);
  for (uint32_t i = 0; i < num_blocks; ++i) {
    const Words words = Rounds({first + i, position.step, position.episode, position.stream}, seed);
    numbers_[4 * i] = static_cast<uint32_t>(words.c0);
    numbers_[4 * i + 1] = static_cast<uint32_t>(words.c1);
    numbers_[4 * i + 2] = static_cast<uint32_t>(words.c2);
    numbers_[4 * i + 3] = static_cast<uint32_t>(words.c3);
  }
}

}  // namespace recbots
