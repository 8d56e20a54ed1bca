// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011,
// section 3.3 and table 2).
//
// A draw is a pure function of (seed, purpose, stream, episode, step, index): nothing is carried from one draw to the
// next, so an episode has the same bits for every batch size, number of threads and number of processes. Distributions
// are our own, because those of the standard library and of Abseil change with their versions.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace recbots {

// What a stream of random numbers is used for. Streams of different purposes are independent. Results depend on the
// numbers below: they are never reused and never changed.
enum class Purpose : uint16_t {
  kUser = 1,        // who the user is and where the session starts
  kDocument = 2,    // which candidates are offered
  kChoice = 3,      // what the user does with a slate
  kTransition = 4,  // how the user changes
  kPolicy = 5,      // draws of a behaviour policy
  kReplay = 6,      // which rows a batch holds
  kParameters = 7,  // initial weights
  kScenario = 8,    // the scenario's own parameters, such as a generated matrix
  kAlgorithm = 9,   // noise in updates, such as random candidates
  kTest = 10,       // tests and benchmarks
};

// Where a draw belongs. `stream` tells users (or workers) apart.
struct StreamPosition {
  uint32_t stream = 0;
  uint32_t episode = 0;
  uint32_t step = 0;
};

// One block: 128 random bits from a 128-bit counter and a 64-bit key.
inline std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, uint64_t key) {
  auto key0 = static_cast<uint32_t>(key);
  auto key1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53} * counter[0];
    const uint64_t product1 = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key0, static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key1, static_cast<uint32_t>(product0)};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return counter;
}

// Uniform double in [0, 1) with 32 bits; enough wherever a probability is compared.
inline double UniformFrom(uint32_t bits) { return bits * 0x1p-32; }

// Uniform integer in [0, n), n >= 1, from 32 bits by multiplication (Lemire 2019, arXiv:1805.10941, without the
// rejection step: the bias is below n / 2^32).
inline uint32_t IndexFrom(uint32_t bits, uint32_t n) { return static_cast<uint32_t>((uint64_t{bits} * n) >> 32); }

// Successive draws of one stream position. An Rng is cheap to make (64 bytes of state, no seeding): make one where it
// is needed. Not thread-safe. A copy continues with the draws that the original would make, independently of it.
class Rng {
 public:
  Rng(uint64_t seed, Purpose purpose, StreamPosition position)
      : key_(seed),
        counter_{uint32_t{static_cast<uint16_t>(purpose)} << 16, position.step, position.episode, position.stream} {}

  // Makes the draws of the first constructor when their first block is already known (random_batch.h computes the first
  // blocks of many users at once).
  Rng(uint64_t seed, Purpose purpose, StreamPosition position, std::array<uint32_t, 4> first_block)
      : Rng(seed, purpose, position) {
    block_ = first_block;
    ++counter_[0];
    used_ = 0;
  }

  // Makes the draws of the first constructor when their first num_blocks blocks lie at `ahead` (BlockRun computes
  // them). `ahead` must outlive this object.
  Rng(uint64_t seed, Purpose purpose, StreamPosition position, const uint32_t* ahead, uint32_t num_blocks)
      : Rng(seed, purpose, position) {
    ahead_ = ahead;
    counter_[0] += num_blocks;
    used_ = 0;
    end_ = 4 * num_blocks;
  }

  uint32_t Bits() {
    if (used_ == end_) {
      block_ = Philox4x32(counter_, key_);
      ++counter_[0];  // A position has 2^16 blocks, 262,144 draws; more would collide with the next purpose.
      ahead_ = nullptr;
      used_ = 0;
      end_ = 4;
    }
    return (ahead_ != nullptr ? ahead_ : block_.data())[used_++];
  }

  // Uniform in [0, 1).
  double Uniform() { return UniformFrom(Bits()); }
  // Uniform in [low, high).
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }
  // Uniform in [0, n), n >= 1.
  uint32_t Index(uint32_t n) { return IndexFrom(Bits(), n); }
  // Standard normal (Box and Muller 1958).
  double Normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
    return radius * std::cos(2.0 * 3.14159265358979323846 * Uniform());
  }

 private:
  uint64_t key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_{};
  const uint32_t* ahead_ = nullptr;  // Where the numbers up to end_ lie, when not in block_.
  uint32_t used_ = 4;
  uint32_t end_ = 4;
};

}  // namespace recbots
