#include "learner/dashboard/advice.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace recbots {

std::string WhatToDo(const StatusLine& line) {
  const std::string& by = line.bound_by;
  if (by == "learner") {
    return "Updates take all of the learner's time, so more actors would not help. A faster core or a GPU (--device), "
           "several learners (--learners) or smaller networks would.";
  }
  if (by == "a pause by hand") {
    return "Somebody has paused the run, so no updates are made. \"Continue\" above the roles goes on with it.";
  }
  if (by == "the other learners") {
    return "The learners wait for each other longer than they compute: one of them is slower, or the network between "
           "them is. Larger batches (learner.batch_size) mean fewer exchanges.";
  }
  if (absl::StartsWith(by, "actors (")) {
    return "No actor is connected, so no rows come. Start actors, or look below why they were lost.";
  }
  if (by == "actors") {
    std::string text = absl::StrFormat("The learner waits for rows %.0f %% of the time. ", 100 * line.waited_ratio);
    if (line.blocked_on == "min_size") {
      return absl::StrCat(text,
                          "Replay is filling up to replay.table.rate_limiter.min_size; after that updates begin.");
    }
    return absl::StrCat(text,
                        "More actors (--actors), more users per actor (actor.users), or a higher "
                        "replay.table.rate_limiter.samples_per_insert would keep it busy.");
  }
  if (absl::StartsWith(by, "replay (")) {
    return "No batches come at all: replay is away, or still empty. Its state is in the list of roles below.";
  }
  if (by == "replay") {
    return "Batches come too slowly from replay, although its limiter admits them: more batches in flight "
           "(learner.batches_in_flight), another shard (--replay_shards) or a faster network would help.";
  }
  return "";
}

}  // namespace recbots
