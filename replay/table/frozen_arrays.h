// Reads and checks the arrays of a frozen table. They come from a disk, so nothing in them can be trusted.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "recbots/v1/checkpoint.pb.h"
#include "replay/table/rate_limiter.h"
#include "replay/table/writer_ledger.h"

namespace recbots::replay {

// Names of the arrays, in the order in which they are stored.
inline constexpr char kWordsArray[] = "generations";        // uint32 by slot: Slots::words
inline constexpr char kPrioritiesArray[] = "priorities";    // float32 by slot
inline constexpr char kAgesArray[] = "ages";                // uint64 by slot: rows inserted before
inline constexpr char kTimesArray[] = "times_sampled";      // uint16 by slot, with max_times_sampled only
inline constexpr char kPendingArray[] = "times_in_flight";  // the same
inline constexpr char kFreeArray[] = "free_slots";          // uint32, in the order given up
inline constexpr char kSamplerArray[] = "sampler";          // Selector::Save
inline constexpr char kRemoverArray[] = "remover";          // the same
inline constexpr char kLimiterArray[] = "rate_limiter";     // int64: RateLimiter::Settings
inline constexpr char kBaseArray[] = "first_generation";    // uint32: of slots not used yet

struct FrozenArrays {
  uint32_t used = 0;  // Length of the arrays that are indexed by slot.
  std::vector<uint32_t> words;
  std::vector<float> priorities;
  std::vector<uint64_t> ages;
  std::vector<uint16_t> times;  // Without draws in flight; zeros if draws are not counted.
  std::vector<uint32_t> free;
  absl::string_view sampler;  // Borrowed.
  absl::string_view remover;
  RateLimiter::Settings limiter = {};
  uint32_t base = 0;

  std::vector<uint32_t> by_age;    // Slots that hold rows, oldest first.
  std::vector<uint32_t> drawable;  // Slots whose rows were not leased, oldest first.
  std::vector<uint32_t> leased;    // Slots whose rows were leased.
  int64_t in_flight = 0;           // Draws that were neither acknowledged nor refunded.
  std::vector<WriterMark> writers;
};

// Splits `arrays` as `header` says, and checks everything except the saved states of the selectors, which only they
// know.
//   DATA_LOSS  an array does not fit; the message names it
absl::StatusOr<FrozenArrays> ReadFrozenArrays(const v1::FrozenTable& header, absl::string_view arrays);

}  // namespace recbots::replay
