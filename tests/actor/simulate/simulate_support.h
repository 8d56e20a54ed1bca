// What the tests of simulations share: files, runs, and an independent replay of single episodes.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "actor/simulate/simulate.h"
#include "common/policies/given_slates.h"
#include "common/rl/step_buffer.h"

namespace recbots::testing {

// A folder for one test, removed afterwards.
class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    dir_ = std::filesystem::path(::testing::TempDir()) /
           (std::string(info->test_suite_name()) + "_" + info->name() + "_" + std::to_string(getpid()));
    std::filesystem::create_directories(dir_);
  }
  ~FolderTest() override { std::filesystem::remove_all(dir_); }
  std::string Path(const std::string& name) const { return (dir_ / name).string(); }

  std::filesystem::path dir_;
};

inline std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// All members of a gzip file, by zlib's own reader.
inline std::string ReadGzip(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  EXPECT_NE(file, nullptr) << path;
  std::string text;
  char piece[1 << 16];
  int n = 0;
  while ((n = gzread(file, piece, sizeof(piece))) > 0) text.append(piece, static_cast<size_t>(n));
  EXPECT_EQ(n, 0) << path;
  EXPECT_EQ(gzclose(file), Z_OK) << path;
  return text;
}

template <typename MakePolicy>
PolicyFactory Factory(MakePolicy make) {
  return [make]() -> absl::StatusOr<std::unique_ptr<Policy>> { return std::unique_ptr<Policy>(make()); };
}

// One step of one user, copied.
struct ReplayedStep {
  int64_t episode;
  int user;
  int64_t step;
  std::vector<int32_t> slate;
  std::vector<float> response, observation, candidates, item_propensity, prefix_propensity;
  float slate_propensity, reward;
  bool terminated, truncated;
};

// Plays the episodes one after the other, each in an environment of its own.
inline std::vector<ReplayedStep> Replay(const Scenario& scenario, Policy& policy, int64_t episodes) {
  const EnvironmentSpec& spec = scenario.spec();
  const int users = spec.users_per_session;
  std::vector<ReplayedStep> steps;
  for (int64_t episode = 0; episode < episodes; ++episode) {
    const auto environment = scenario.MakeEnvironment(users, static_cast<uint32_t>(episode * users));
    StepBuffer buffer(spec, users);
    buffer.Reset(*environment);
    for (int64_t step = 0; environment->positions()[0].episode == 0; ++step) {
      std::fill(buffer.prefix_probability.begin(), buffer.prefix_probability.end(), std::nanf(""));
      const PolicyOutput output = {absl::MakeSpan(buffer.slates), absl::MakeSpan(buffer.behaviour_probability),
                                   absl::MakeSpan(buffer.position_probability),
                                   absl::MakeSpan(buffer.prefix_probability)};
      policy.Act({buffer.observation, environment->positions(), buffer.candidates}, output);
      CompletePrefix(output);
      EXPECT_TRUE(buffer.Step(*environment).ok());
      for (size_t i = 0; i < static_cast<size_t>(users); ++i) {
        if (buffer.active[i] == 0) continue;
        const auto row = [i, users](const auto& column) {
          const auto width = static_cast<std::ptrdiff_t>(column.size()) / users;
          const auto begin = column.begin() + static_cast<std::ptrdiff_t>(i) * width;
          return std::vector(begin, begin + width);
        };
        steps.push_back({episode, static_cast<int>(i), step, row(buffer.slates), row(buffer.response),
                         row(buffer.observation), row(buffer.candidates), row(buffer.position_probability),
                         row(buffer.prefix_probability), buffer.behaviour_probability[i], buffer.reward[i],
                         buffer.terminated[i] != 0, buffer.truncated[i] != 0});
      }
      buffer.Advance();
    }
  }
  return steps;
}

}  // namespace recbots::testing
