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

RateLimiterOptions Ratio(int64_t min_size, double samples_per_insert, double error_buffer) {
  return {.min_size = min_size, .samples_per_insert = samples_per_insert, .error_buffer = error_buffer};
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
  const RateLimiterOptions cases[] = {Ratio(1, 0, 0),   Ratio(10, 1, 2),    Ratio(100, 8, 200),
                                      Ratio(7, 0.1, 5), Ratio(50, 2.5, 64), Ratio(3, 1.0 / 3, 9)};
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
  EXPECT_THAT(refusal(Ratio(10, 8, 15)),
              HasSubstr("error_buffer 15, want at least 2 * max(1, samples_per_insert) = 16"));
  EXPECT_THAT(refusal(Ratio(10, 0.5, 1)), HasSubstr("= 2"));
  EXPECT_THAT(refusal(Ratio(0, 8, 100)), HasSubstr("min_size 0, want at least 1"));
  EXPECT_THAT(refusal(Ratio(1, -1, 100)), HasSubstr("samples_per_insert -1"));
  EXPECT_THAT(refusal(Ratio(1, std::nan(""), 100)), HasSubstr("samples_per_insert nan"));
  EXPECT_THAT(refusal(Ratio(1, 1e-9, 100)), HasSubstr("samples_per_insert 1e-09"));
  EXPECT_THAT(refusal(Ratio(1, 8, std::nan(""))), HasSubstr("error_buffer nan"));
  EXPECT_THAT(refusal(Ratio(1, 8, INFINITY)), HasSubstr("want at most"));
  EXPECT_THAT(refusal(Ratio(int64_t{1} << 62, 8, 100)), HasSubstr("want at most"));
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

RateLimiter MakeQueue(int64_t queue_size) {
  return MakeLimiter({.kind = RateLimiterOptions::Kind::kQueue, .queue_size = queue_size});
}

TEST(RateLimiterTest, AQueueHoldsBetweenNoneAndItsSize) {
  RateLimiter queue = MakeQueue(5);
  EXPECT_EQ(queue.SampleBlockedOn(1), BlockedOn::kSpiSample) << "empty, not below a min_size";
  EXPECT_EQ(queue.AdmittedInserts(9), 5);
  queue.Inserted(5);
  EXPECT_EQ(queue.InsertBlockedOn(), BlockedOn::kSpiInsert);
  EXPECT_EQ(queue.SampleBlockedOn(6), BlockedOn::kSpiSample);
  ASSERT_TRUE(queue.AdmitsSample(5));
  queue.Sampled(3);
  EXPECT_EQ(queue.AdmittedInserts(9), 3);
  queue.Refunded(1);
  EXPECT_EQ(queue.AdmittedInserts(9), 2);
  EXPECT_EQ(queue.sampled(), 2);
}

TEST(RateLimiterTest, AQueueRefusesWhatNeverFits) {
  const auto none = RateLimiter::Create({.kind = RateLimiterOptions::Kind::kQueue, .queue_size = 0});
  EXPECT_EQ(none.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("queue_size 0, want at least 1"));
  EXPECT_TRUE(MakeQueue(256).CheckReader(256, 8).ok()) << "what is in flight has left the queue";
  const absl::Status large = MakeQueue(255).CheckReader(256, 1);
  EXPECT_EQ(large.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(large.message()), HasSubstr("queue_size 255, want at least batch_size 256"));
}

TEST(RateLimiterTest, GoesOnExactlyUnderTheSameSettings) {
  RateLimiter limiter = MakeLimiter(Ratio(10, 0.3, 4));
  limiter.Inserted(limiter.AdmittedInserts(1000));
  limiter.Sampled(2);
  limiter.Inserted(limiter.AdmittedInserts(1000));
  limiter.Refunded(2);  // Over the bound now.
  EXPECT_EQ(limiter.AdmittedInserts(1), 0);
  RateLimiter next = MakeLimiter(Ratio(10, 0.3, 4));
  EXPECT_TRUE(next.Continue(limiter.inserted(), limiter.sampled(), limiter.settings()));
  for (RateLimiter* each : {&limiter, &next}) each->Sampled(2);
  EXPECT_EQ(next.AdmittedInserts(1), 0);
  for (RateLimiter* each : {&limiter, &next}) each->Sampled(3);
  EXPECT_EQ(next.AdmittedInserts(100), limiter.AdmittedInserts(100));
  EXPECT_GT(next.AdmittedInserts(100), 0);
}

// Whatever the counters were, both sides get on at once, and the bounds hold from then on.
TEST(RateLimiterTest, NobodyMakesUpForThePastUnderOtherSettings) {
  const RateLimiter before = MakeLimiter(Ratio(100, 8, 200));
  for (const double spi : {0.01, 0.5, 8.0, 50.0}) {
    for (const int64_t sampled : {int64_t{0}, int64_t{8'000'000}, int64_t{1} << 59}) {
      SCOPED_TRACE(testing::Message() << spi << " " << sampled);
      RateLimiter limiter = MakeLimiter(Ratio(10, spi, 200));
      EXPECT_FALSE(limiter.Continue(1'000'000, sampled, before.settings()) && sampled > 8'000'000);
      EXPECT_EQ(limiter.inserted(), 1'000'000);
      int64_t inserts = 0, samples = 0;
      for (int i = 0; i < 100'000; ++i) {
        const int64_t admitted = limiter.AdmittedInserts(3);
        const bool sample = limiter.AdmitsSample(2);
        ASSERT_TRUE(admitted > 0 || sample);
        limiter.Inserted(admitted);
        inserts += admitted;
        if (!sample) continue;
        limiter.Sampled(2);
        samples += 2;
      }
      EXPECT_NEAR(static_cast<double>(samples), static_cast<double>(inserts) * spi, 402);
    }
  }
}

TEST(RateLimiterTest, CountersNobodyCanHaveCountedDoNoHarm) {
  for (const double spi : {0.0, 1e-6, 1.0, 999'999.123}) {
    for (const int64_t inserted : {int64_t{0}, int64_t{1} << 60}) {
      for (const int64_t sampled : {-(int64_t{1} << 60), int64_t{0}, int64_t{1} << 60}) {
        RateLimiter limiter = MakeLimiter(Ratio(1, spi, 1e7));
        limiter.Continue(inserted, sampled, limiter.settings());
        limiter.Inserted(limiter.AdmittedInserts(1000));
        if (limiter.AdmitsSample(1)) limiter.Sampled(1);
      }
    }
  }
}

}  // namespace
}  // namespace recbots::replay
