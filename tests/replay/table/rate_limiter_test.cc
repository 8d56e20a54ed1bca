#include "replay/table/rate_limiter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/base/random.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

RateLimiter MakeLimiter(const RateLimiterOptions& options) {
  absl::StatusOr<RateLimiter> limiter = RateLimiter::Create(options);
  EXPECT_TRUE(limiter.ok()) << limiter.status();
  return *std::move(limiter);
}

// The inequality, row by row, in long double: what RateLimiter does with one division.
struct Model {
  RateLimiterOptions options;
  int64_t inserted = 0;
  int64_t sampled = 0;

  long double Difference(int64_t more_inserted, int64_t more_sampled) const {
    return static_cast<long double>(inserted + more_inserted) * static_cast<long double>(options.samples_per_insert) -
           static_cast<long double>(sampled + more_sampled);
  }
  long double Middle() const {
    return static_cast<long double>(options.min_size) * static_cast<long double>(options.samples_per_insert);
  }
  int64_t AdmittedInserts(int64_t wanted) const {
    if (options.samples_per_insert == 0) return wanted;
    int64_t admitted = 0;
    while (admitted < wanted && (inserted + admitted + 1 <= options.min_size ||
                                 Difference(admitted + 1, 0) <= Middle() + options.error_buffer + 1e-6L)) {
      ++admitted;
    }
    return admitted;
  }
  bool AdmitsSample(int64_t rows) const {
    if (inserted < options.min_size) return false;
    if (options.samples_per_insert == 0) return true;
    return Difference(0, rows) >= Middle() - options.error_buffer - 1e-6L;
  }
};

TEST(RateLimiterTest, AgreesWithTheInequalityOverRandomOperations) {
  const RateLimiterOptions cases[] = {{1, 0, 0},   {10, 1, 2},    {100, 8, 200},
                                      {7, 0.1, 5}, {50, 2.5, 64}, {3, 1.0 / 3, 9}};
  for (const RateLimiterOptions& options : cases) {
    SCOPED_TRACE(options.samples_per_insert);
    RateLimiter limiter = MakeLimiter(options);
    Model model{options};
    Rng rng(/*seed=*/3, Purpose::kTest, {});
    for (int i = 0; i < 20'000; ++i) {
      const int64_t rows = 1 + rng.Index(40);
      const uint32_t kind = rng.Index(10);
      if (kind < 5) {
        const int64_t admitted = limiter.AdmittedInserts(rows);
        ASSERT_EQ(admitted, model.AdmittedInserts(rows)) << i;
        limiter.Inserted(admitted);
        model.inserted += admitted;
      } else if (kind < 9) {
        ASSERT_EQ(limiter.AdmitsSample(rows), model.AdmitsSample(rows)) << i;
        if (!model.AdmitsSample(rows)) continue;
        limiter.Sampled(rows);
        model.sampled += rows;
      } else if (model.sampled >= rows) {
        limiter.Refunded(rows);
        model.sampled -= rows;
      }
    }
    EXPECT_GT(model.inserted, options.min_size);
    EXPECT_GT(model.sampled, 0);
  }
}

TEST(RateLimiterTest, HoldsTheRatioExactlyOverAMillionRows) {
  RateLimiter limiter = MakeLimiter({.min_size = 100, .samples_per_insert = 0.1, .error_buffer = 4});
  int64_t inserted = 0, sampled = 0;
  for (int64_t i = 0; i < 1'000'000; ++i) {
    if (limiter.AdmittedInserts(1) == 1) {
      limiter.Inserted(1);
      ++inserted;
    } else {
      ASSERT_TRUE(limiter.AdmitsSample(1)) << "neither side may go on after " << inserted << " inserts";
      limiter.Sampled(1);
      ++sampled;
    }
  }
  EXPECT_LE(std::abs(static_cast<double>(inserted - 100) * 0.1 - static_cast<double>(sampled)), 4.0);
}

TEST(RateLimiterTest, SaysWhatEachSideWaitsFor) {
  RateLimiter limiter = MakeLimiter({.min_size = 10, .samples_per_insert = 1, .error_buffer = 4});
  EXPECT_EQ(limiter.SampleBlockedOn(1), BlockedOn::kMinSize);
  EXPECT_EQ(limiter.InsertBlockedOn(), BlockedOn::kNone);
  limiter.Inserted(limiter.AdmittedInserts(1000));
  EXPECT_EQ(limiter.InsertBlockedOn(), BlockedOn::kSpiInsert);
  EXPECT_EQ(limiter.SampleBlockedOn(8), BlockedOn::kNone);
  EXPECT_EQ(limiter.SampleBlockedOn(9), BlockedOn::kSpiSample);
}

TEST(RateLimiterTest, RefusesWhatCouldNeverMoveWithTheNumberThatWorks) {
  const auto refusal = [](const RateLimiterOptions& options) {
    const auto limiter = RateLimiter::Create(options);
    EXPECT_EQ(limiter.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(limiter.status().message());
  };
  EXPECT_THAT(refusal({10, 8, 15}), HasSubstr("error_buffer 15, want at least 2 * max(1, samples_per_insert) = 16"));
  EXPECT_THAT(refusal({10, 0.5, 1}), HasSubstr("= 2"));
  EXPECT_THAT(refusal({0, 8, 100}), HasSubstr("min_size 0, want at least 1"));
  EXPECT_THAT(refusal({1, -1, 100}), HasSubstr("samples_per_insert -1"));
  EXPECT_THAT(refusal({1, std::nan(""), 100}), HasSubstr("samples_per_insert nan"));
  EXPECT_THAT(refusal({1, 1e-9, 100}), HasSubstr("samples_per_insert 1e-09"));
  EXPECT_THAT(refusal({1, 8, std::nan("")}), HasSubstr("error_buffer nan"));
  EXPECT_THAT(refusal({1, 8, INFINITY}), HasSubstr("want at most"));
  EXPECT_THAT(refusal({int64_t{1} << 62, 8, 100}), HasSubstr("want at most"));
}

TEST(RateLimiterTest, RefusesReadersThatCouldWaitForEver) {
  const RateLimiter limiter = MakeLimiter({.min_size = 10, .samples_per_insert = 8, .error_buffer = 512});
  EXPECT_TRUE(limiter.CheckReader(256, 2).ok());
  const absl::Status status = limiter.CheckReader(256, 3);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("error_buffer 512, want at least batch_size 256 x 3"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("= 768"));
  EXPECT_TRUE(MakeLimiter({.min_size = 1}).CheckReader(65536, 1024).ok()) << "no ratio: nothing to wait for";
}

}  // namespace
}  // namespace recbots::replay
