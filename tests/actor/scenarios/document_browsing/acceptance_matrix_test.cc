#include "actor/scenarios/document_browsing/acceptance_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

namespace recbots {
namespace {

using ::testing::HasSubstr;

TEST(GenerateAcceptanceTest, HasOneGoodDocumentPerRowAndPerColumn) {
  for (const int n : {2, 10, 100}) {
    const std::vector<double> w = GenerateAcceptance(n, 0.1, 0.2, 42);
    ASSERT_TRUE(ValidateAcceptance("W", w, n).ok());
    std::set<int> good_columns;
    for (int i = 0; i < n; ++i) {
      int good = 0;
      for (int j = 0; j < n; ++j) {
        const double p = w[static_cast<size_t>(i * n + j)];
        if (p >= 0.9) {
          ++good;
          good_columns.insert(j);
        } else {
          EXPECT_LT(p, 0.2);
        }
      }
      EXPECT_EQ(good, 1) << "row " << i;
    }
    EXPECT_EQ(good_columns.size(), static_cast<size_t>(n));
  }
}

// The good document of document 0 over 6,000 seeds; P(chi-square with 4 degrees of freedom > 33.4) = 1e-6.
TEST(GenerateAcceptanceTest, PermutesColumnsUniformly) {
  std::vector<int> counts(5, 0);
  for (uint64_t seed = 0; seed < 6000; ++seed) {
    const std::vector<double> w = GenerateAcceptance(5, 0.1, 0.2, seed);
    for (size_t j = 0; j < 5; ++j) counts[j] += w[j] >= 0.9 ? 1 : 0;
  }
  double chi_square = 0;
  for (const int count : counts) chi_square += (count - 1200.0) * (count - 1200.0) / 1200.0;
  EXPECT_LT(chi_square, 33.4);
}

TEST(GenerateAcceptanceTest, IsAFunctionOfTheSeed) {
  EXPECT_EQ(GenerateAcceptance(10, 0.1, 0.2, 1), GenerateAcceptance(10, 0.1, 0.2, 1));
  EXPECT_NE(GenerateAcceptance(10, 0.1, 0.2, 1), GenerateAcceptance(10, 0.1, 0.2, 2));
}

TEST(ParseAcceptanceTest, ReadsRowsAndIgnoresOtherFields) {
  EXPECT_EQ(ParseAcceptance("file", R"({"seed": 3, "W": [[0, 0.25], [1, 0.5]]})", 2).value(),
            (std::vector<double>{0, 0.25, 1, 0.5}));
}

TEST(ParseAcceptanceTest, RefusesWhatIsNoMatrixOfProbabilitiesAndSaysWhy) {
  const auto message = [](const std::string& json) {
    const auto parsed = ParseAcceptance("file", json, 2);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << json;
    return std::string(parsed.status().message());
  };
  EXPECT_THAT(message(""), HasSubstr("file: not JSON"));
  EXPECT_THAT(message("{\"W\": [[0, 1], [1, 0]"), HasSubstr("not JSON"));
  EXPECT_THAT(message("{\"W\": [[0, NaN], [1, 0]]}"), HasSubstr("not JSON"));
  EXPECT_THAT(message("{\"W\": [[0, 1e999], [1, 0]]}"), HasSubstr("not JSON"));
  EXPECT_THAT(message("[[0, 1], [1, 0]]"), HasSubstr("no list \"W\""));
  EXPECT_THAT(message("{\"w\": [[0, 1], [1, 0]]}"), HasSubstr("no list \"W\""));
  EXPECT_THAT(message("{\"W\": 3}"), HasSubstr("no list \"W\""));
  EXPECT_THAT(message("{\"W\": []}"), HasSubstr("W is 0x0, want 2x2"));
  EXPECT_THAT(message("{\"W\": [[0, 1, 1]]}"), HasSubstr("W is 1x3, want 2x2"));
  EXPECT_THAT(message("{\"W\": [[0, 1], [1]]}"), HasSubstr("W[1] has 1 numbers, want 2"));
  EXPECT_THAT(message("{\"W\": [[0, 1], 5]}"), HasSubstr("W[1] is a number, want a list"));
  EXPECT_THAT(message("{\"W\": [[0, 1], [1, \"x\"]]}"), HasSubstr("W[1][1] is a string, want a number in 0..1"));
  EXPECT_THAT(message("{\"W\": [[0, null], [1, 0]]}"), HasSubstr("W[0][1] is a null"));
  EXPECT_THAT(message("{\"W\": [[0, 1], [1.25, 0]]}"), HasSubstr("W[1][0] is 1.25, want 0..1"));
  EXPECT_THAT(message("{\"W\": [[-1, 1], [1, 0]]}"), HasSubstr("W[0][0] is -1, want 0..1"));
}

TEST(ReadAcceptanceFileTest, SaysNotFoundWhereThereIsNoFile) {
  EXPECT_EQ(ReadAcceptanceFile(::testing::TempDir() + "/no_such_file.json", 2).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadAcceptanceFile(::testing::TempDir(), 2).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadAcceptanceFile("", 2).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace recbots
