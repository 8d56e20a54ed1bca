// Builds a slate from the lists of a bandit's arms, the best arm first, and computes the exact probability of that
// slate.
//
// Letters: A arms, K slate positions, N candidates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots {

// Which of equally good arms comes first. Numbers are part of configurations: never reused.
enum class ArmTies {
  kRandom = 1,     // All orders equally often.
  kLowerArm = 2,   // The lower number.
  kHigherArm = 3,  // The higher number, as RecSim mostly does (it leaves it to an unstable sort).
};

// The lists of all arms. The list of arm a is int32 [K] from first[a * stride] on: candidate positions, best first, and
// kNoItem behind its end.
struct ArmLists {
  const int32_t* first = nullptr;
  size_t stride = 0;

  const int32_t* operator[](size_t arm) const { return first + arm * stride; }
};

// Visits the arms in descending order of their keys. Each arm adds all candidates of its list that the slate does not
// have yet, until there are K. If all lists together have fewer, the slate is shorter, but it has at least
// min_slate_size items: the first of the other candidates fill it up (RecSim fails in this case).
//
// Not thread-safe (scratch memory). Build allocates nothing.
class ArmSlateBuilder {
 public:
  // 1 <= slate_size <= num_candidates, 0 <= min_slate_size <= slate_size.
  ArmSlateBuilder(int num_arms, int num_candidates, int slate_size, int min_slate_size);

  // Fills slate [K] from keys [A] and lists, and returns its probability over the random order of tied arms. Fills
  // position_probability [K], unless it is empty, with the probability that each item is at its position. Both are
  // exact, and 1 if no arms are tied. They are NaN if tied arms that contribute share a candidate, because several
  // orders may then give the same slate. Draws only if arms are tied: g tied arms of which the first j are needed come
  // in one of g (g - 1) .. (g - j + 1) orders.
  double Build(absl::Span<const double> keys, const ArmLists& lists, ArmTies ties, Rng& draws,
               absl::Span<int32_t> slate, absl::Span<float> position_probability);

 private:
  // Puts into group_ the unvisited arms of the largest key that have a candidate which is not shown yet. False if no
  // arms are left.
  bool NextGroup(absl::Span<const double> keys, const ArmLists& lists, absl::Span<const int32_t> shown);
  size_t CountNew(const int32_t* list, absl::Span<const int32_t> shown) const;
  bool GroupSharesCandidates(const ArmLists& lists, absl::Span<const int32_t> shown);
  // Adds a list to the slate; returns the new size.
  size_t Append(const int32_t* list, size_t size, absl::Span<int32_t> slate) const;
  // Draws the order of group_ and adds its lists.
  size_t AppendTied(const ArmLists& lists, Rng& draws, size_t size, absl::Span<int32_t> slate,
                    absl::Span<float> position_probability, double& probability);
  // The probability that, in a random order of the group, the lists before the list of group_[member] together have
  // `offset` items.
  double OffsetProbability(size_t member, size_t offset);
  size_t Fill(size_t size, absl::Span<int32_t> slate) const;

  const size_t num_candidates_, slate_size_, min_slate_size_;
  std::vector<uint8_t> visited_;  // [A]
  std::vector<size_t> group_;     // Arms; at most A.
  std::vector<size_t> length_;    // [A]: how many items each arm of the group adds, at most K.
  std::vector<uint32_t> marks_;   // [N]: the last group that had the candidate
  uint32_t mark_ = 0;
  std::vector<double> subsets_;  // [K, K]: scratch of OffsetProbability.
};

}  // namespace recbots
