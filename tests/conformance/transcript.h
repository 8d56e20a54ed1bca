// A seeded episode step by step, as text that a person can review, kept in tests/golden/transcripts.
//
// RECBOTS_REWRITE_TRANSCRIPTS=1 writes the file instead of comparing: for a new scenario, or when one is meant to
// change.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/crc32c.h"
#include "tests/conformance/environment_conformance.h"
#include "tests/support/source_dir.h"

namespace recbots::testing {

inline std::string Numbers(const std::vector<float>& column, size_t user, size_t num_users) {
  const size_t width = column.size() / num_users;
  std::string text;
  for (size_t i = user * width; i < (user + 1) * width; ++i) absl::StrAppendFormat(&text, " %.5g", column[i]);
  return text;
}

// Of every bit of 100 users who are shown random slates for 60 steps. The same on every processor: our own code does
// not let the compiler fuse multiplications and additions, and of the C library's functions (exp, log, cos), which
// differ in the last bit of a double between processors now and then, nothing is left here once numbers are float32.
inline uint32_t Checksum(const Scenario& scenario) {
  RandomPolicy policy(5, scenario.spec().num_candidates, scenario.spec().slate_size);
  Stage stage(scenario, /*num_users=*/100, /*first_stream=*/0);
  uint32_t checksum = 0;
  const auto add = [&checksum](const auto& column) {
    checksum = Crc32c({reinterpret_cast<const char*>(column.data()), column.size() * sizeof(column[0])}, checksum);
  };
  for (int step = 0; step < 60; ++step) {
    stage.Act(policy);
    add(stage.observation);
    add(stage.candidates);
    EXPECT_TRUE(stage.Step().ok());
    add(stage.slates);
    add(stage.response);
    add(stage.reward);
    add(stage.terminated);
    add(stage.truncated);
  }
  return checksum;
}

// Two users who are shown random slates, 12 steps each.
inline std::string Transcript(const Scenario& scenario) {
  const EnvironmentSpec& spec = scenario.spec();
  std::string text = absl::StrFormat(
      "scenario %s: %d user features, %d candidates of %d features, slates of %d..%d\nresponse fields:", spec.name,
      spec.num_user_features, spec.num_candidates, spec.num_candidate_features, spec.min_slate_size, spec.slate_size);
  for (const std::string& field : spec.response_fields) absl::StrAppend(&text, " ", field);
  RandomPolicy policy(5, spec.num_candidates, spec.slate_size);
  Stage stage(scenario, /*num_users=*/2, /*first_stream=*/0);
  for (int step = 0; step < 12; ++step) {
    const std::vector<StreamPosition> at(stage.environment->positions().begin(), stage.environment->positions().end());
    stage.Act(policy);
    const std::vector<float> observation = stage.observation, candidates = stage.candidates;
    EXPECT_TRUE(stage.Step().ok());
    for (size_t user = 0; user < 2; ++user) {
      absl::StrAppendFormat(&text, "\n\nstream %d episode %d step %d", at[user].stream, at[user].episode,
                            at[user].step);
      if (!observation.empty()) absl::StrAppend(&text, "\n  observation", Numbers(observation, user, 2));
      if (!candidates.empty()) absl::StrAppend(&text, "\n  candidates", Numbers(candidates, user, 2));
      absl::StrAppend(&text, "\n  slate");
      for (size_t k = 0; k < stage.slates.size() / 2; ++k) {
        absl::StrAppend(&text, " ", stage.slates[user * stage.slates.size() / 2 + k]);
      }
      absl::StrAppend(&text, "\n  response", Numbers(stage.response, user, 2), "\n  reward",
                      Numbers(stage.reward, user, 2), stage.terminated[user] ? "\n  terminated" : "",
                      stage.truncated[user] ? "\n  truncated" : "");
    }
  }
  return absl::StrCat(text, "\n\nchecksum of 100 users for 60 steps: crc-",
                      absl::Hex(Checksum(scenario), absl::kZeroPad8), "\n");
}

// Word by word; numbers may differ by 1e-4 of their size, so that a transcript tells what has changed where the
// checksum says only that something has.
inline void ExpectTranscript(const std::string& played, const std::string& name) {
  // Of this tree, whatever RECBOTS_GOLDEN_DIR says: it is not reference data from elsewhere.
  const std::string path = SourceDir() + "/tests/golden/" + name;
  const char* rewrite = std::getenv("RECBOTS_REWRITE_TRANSCRIPTS");
  if (rewrite != nullptr && std::string(rewrite) == "1") {
    std::ofstream(path) << played;
    return;
  }
  std::ifstream file(path);
  ASSERT_TRUE(file) << "no transcript " << path << ": play it with RECBOTS_REWRITE_TRANSCRIPTS=1, then read it";
  std::istringstream have(played);
  std::string wanted_line, line;
  for (int number = 1; std::getline(file, wanted_line); ++number) {
    ASSERT_TRUE(std::getline(have, line)) << path << ":" << number << ": not played";
    std::istringstream wanted_words(wanted_line), words(line);
    std::string wanted, word;
    while (wanted_words >> wanted) {
      ASSERT_TRUE(words >> word) << path << ":" << number;
      char* end = nullptr;
      const double number_wanted = std::strtod(wanted.c_str(), &end);
      if (*end != '\0') {
        ASSERT_EQ(word, wanted) << path << ":" << number;
      } else {
        ASSERT_NEAR(std::strtod(word.c_str(), nullptr), number_wanted, 1e-4 * (1e-6 + std::fabs(number_wanted)))
            << path << ":" << number;
      }
    }
    ASSERT_FALSE(words >> word) << path << ":" << number << ": and more: " << word;
  }
  ASSERT_FALSE(std::getline(have, line)) << path << ": plays on: " << line;
}

}  // namespace recbots::testing
