#include "common/ope/bootstrap.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/base/thread.h"

namespace recbots {
namespace {

constexpr size_t kSessionsPerBlock = 8;  // Of 16 bits in a block of Philox.
// Separates the key of the counts from the keys of everything else that is drawn with the same seed.
constexpr uint64_t kKey = 0x6F70652D626F6F74;

// A draw below threshold[k] of 65536 is a count above k: P(count > k) for Poisson with mean 1.
constexpr uint32_t kThreshold[] = {41427, 17317, 5263, 1244, 240, 39, 5, 1};

inline float CountOf(uint32_t bits) {
  int count = 0;
  for (const uint32_t threshold : kThreshold) count += bits < threshold;
  return static_cast<float>(count);
}

// Counts of 8 sessions in each of the replicates first .. first + n - 1, [n, 8].
void DrawCounts(uint64_t seed, size_t block, int first, int n, float* counts) {
  for (int r = 0; r < n; ++r) {
    const auto bits = Philox4x32(
        {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), static_cast<uint32_t>(first + r), 0x42},
        seed ^ kKey);
    for (size_t i = 0; i < 4; ++i) {
      counts[8 * r + 2 * static_cast<int>(i)] = CountOf(bits[i] & 0xFFFF);
      counts[8 * r + 2 * static_cast<int>(i) + 1] = CountOf(bits[i] >> 16);
    }
  }
}

// The parts of all sessions, side by side: [blocks, 2 parts, 8], zeros behind the last session.
std::vector<double> SideBySide(const EstimateParts& parts) {
  const size_t sessions = parts[0].numerator.size();
  const size_t blocks = (sessions + kSessionsPerBlock - 1) / kSessionsPerBlock;
  std::vector<double> columns(blocks * 2 * parts.size() * kSessionsPerBlock, 0.0);
  for (size_t s = 0; s < sessions; ++s) {
    double* const block = columns.data() + s / kSessionsPerBlock * 2 * parts.size() * kSessionsPerBlock;
    for (size_t c = 0; c < parts.size(); ++c) {
      block[(2 * c) * kSessionsPerBlock + s % kSessionsPerBlock] = parts[c].numerator[s];
      block[(2 * c + 1) * kSessionsPerBlock + s % kSessionsPerBlock] = parts[c].denominator[s];
    }
  }
  return columns;
}

constexpr int kReplicatesTogether = 32;

// Values of the replicates first .. first + n - 1.
void Replicates(const std::vector<double>& columns, size_t num_parts, uint64_t seed, int first, int n, double* values) {
  const size_t width = 2 * num_parts;
  const size_t blocks = columns.size() / (width * kSessionsPerBlock);
  std::vector<double> sums(static_cast<size_t>(n) * width, 0.0);
  float counts[kReplicatesTogether * kSessionsPerBlock];
  for (size_t block = 0; block < blocks; ++block) {
    DrawCounts(seed, block, first, n, counts);
    const double* const column = columns.data() + block * width * kSessionsPerBlock;
    for (int r = 0; r < n; ++r) {
      const float* const count = counts + 8 * r;
      double* const sum = sums.data() + static_cast<size_t>(r) * width;
      for (size_t c = 0; c < width; ++c) {
        const double* const x = column + c * kSessionsPerBlock;
        double total = 0;
        for (size_t i = 0; i < kSessionsPerBlock; ++i) total += static_cast<double>(count[i]) * x[i];
        sum[c] += total;
      }
    }
  }
  for (int r = 0; r < n; ++r) {
    values[r] = 0;
    for (size_t c = 0; c < num_parts; ++c) {
      const double* const sum = sums.data() + static_cast<size_t>(r) * width + 2 * c;
      values[r] += sum[0] / sum[1];
    }
  }
}

}  // namespace

std::vector<double> PoissonBootstrap(const EstimateParts& parts, const BootstrapOptions& options) {
  RECBOTS_CHECK(options.replicates >= 1 && options.threads >= 1)
      << "replicates " << options.replicates << ", threads " << options.threads;
  const std::vector<double> columns = SideBySide(parts);
  std::vector<double> values(static_cast<size_t>(options.replicates));
  std::atomic<int> next{0};
  const auto work = [&] {
    while (true) {
      const int first = next.fetch_add(kReplicatesTogether);
      if (first >= options.replicates) return;
      const int n = std::min(kReplicatesTogether, options.replicates - first);
      Replicates(columns, parts.size(), options.seed, first, n, values.data() + first);
    }
  };
  std::vector<std::unique_ptr<Thread>> threads;
  for (int i = 1; i < options.threads; ++i) threads.push_back(std::make_unique<Thread>(absl::StrCat("boot", i), work));
  work();
  threads.clear();
  values.erase(std::remove_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); }),
               values.end());
  std::sort(values.begin(), values.end());
  return values;
}

Interval PercentileInterval(const std::vector<double>& sorted, double level) {
  if (sorted.empty()) {
    return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  }
  const auto at = [&sorted](double quantile) {
    const double place = quantile * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
  };
  return {at((1 - level) / 2), at((1 + level) / 2)};
}

}  // namespace recbots
