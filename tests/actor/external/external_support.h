// Environments in programs of their own, for tests: worlds.py plays the users.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "actor/external/make_launcher.h"
#include "actor/scenarios/external/scenario.h"
#include "tests/support/source_dir.h"

namespace recbots::testing {

// What a test without Python and NumPy ends with.
inline constexpr int kSkipped = 77;

inline bool HasNumPy() { return system("python3 -c 'import numpy' 2> /dev/null") == 0; }

inline ExternalOptions WorldOptions(const std::string& what, const std::string& folder = "") {
  ExternalOptions options;
  options.command = absl::StrCat("env PYTHONPATH=", SourceDir(), "/deploy/python python3 ", SourceDir(),
                                 "/tests/actor/external/worlds.py ", what, " ", folder);
  options.spec = {.name = "world",
                  .user_features = 4,
                  .candidate_features = 1,
                  .num_candidates = 4,
                  .slate_size = 2,
                  .response = {"click", "seconds"},
                  .min_reward = -1,
                  .max_reward = 10,
                  .max_episode_steps = 50};
  // Nothing is decided by time where the machine is busy.
  options.step_timeout_seconds = 120;
  options.start_timeout_seconds = 120;
  return options;
}

inline std::unique_ptr<Scenario> MakeWorld(const ExternalOptions& options, ExternalHooks hooks = {},
                                           uint64_t seed = 1) {
  auto launcher = MakeLauncher(options, hooks);
  EXPECT_TRUE(launcher.ok()) << launcher.status();
  return std::make_unique<ExternalScenario>(options, seed, *std::move(launcher), std::move(hooks));
}

// The process that notes itself in `folder`; 0: none yet.
inline pid_t ProcessIn(const std::string& folder) {
  std::ifstream file(folder + "/pid");
  pid_t pid = 0;
  file >> pid;
  return pid;
}

// Whether the process is there and no zombie.
inline bool Lives(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::string text;
  return std::getline(file, text) && text[text.rfind(')') + 2] != 'Z';
}

}  // namespace recbots::testing
