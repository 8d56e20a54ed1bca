// Learners of a group as threads of a test, connected by Gloo over loopback.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/thread.h"
#include "learner/group/gloo_collective.h"
#include "learner/group/group_board.h"
#include "learner/group/learner_group.h"

namespace recbots::testing {

// Runs `learner` in a thread for each rank; its group ends, as if the process had died, when it returns.
inline void RunGroup(int size, absl::Duration deadline, const std::function<std::unique_ptr<Algorithm>()>& make,
                     const std::function<void(LearnerGroup& group, Algorithm& algorithm)>& learner) {
  GroupBoard board({size, "", {}}, [](const v1::RunManifest&) { return ""; });
  std::vector<std::unique_ptr<Thread>> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.push_back(std::make_unique<Thread>(absl::StrCat("rank-", rank), [&, rank] {
      const std::unique_ptr<Algorithm> algorithm = make();
      auto gloo = ConnectGloo({.rank = rank, .size = size, .deadline = deadline}, board);
      ASSERT_TRUE(gloo.ok()) << gloo.status();
      LearnerGroup group({.rank = rank, .size = size, .deadline = deadline}, *std::move(gloo), board, *algorithm);
      const absl::Status shared = group.ShareState();
      ASSERT_TRUE(shared.ok()) << shared;
      learner(group, *algorithm);
    }));
  }
}

}  // namespace recbots::testing
