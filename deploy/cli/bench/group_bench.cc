// Two learners that train as one on two cores (learner/group), beside one of them alone: rows per second, by turns.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/algorithms/make_algorithm.h"
#include "common/base/status_macros.h"
#include "common/base/thread.h"
#include "deploy/cli/bench/bench.h"
#include "deploy/cli/bench/browsing_batch.h"
#include "learner/group/gloo_collective.h"
#include "learner/group/group_board.h"
#include "learner/group/learner_group.h"

namespace recbots {
namespace {

constexpr int kLearners = 2;

// A learner with its batch, and its place in the group.
struct Seat {
  std::unique_ptr<Algorithm> algorithm;
  std::unique_ptr<BrowsingBatch> batch;
  std::unique_ptr<LearnerGroup> group;
  absl::Status status;

  void Update(int updates) {
    for (int i = 0; i < updates && status.ok(); ++i) status.Update(batch->Learn(*algorithm));
  }
};

// Connects the learners, each in a thread, because connecting waits for the others.
absl::Status Connect(GroupBoard& board, std::vector<Seat>& seats) {
  std::vector<std::unique_ptr<Thread>> threads;
  for (int rank = 0; rank < kLearners; ++rank) {
    threads.push_back(std::make_unique<Thread>("connect", [&board, rank, &seat = seats[static_cast<size_t>(rank)]] {
      auto gloo = ConnectGloo({.rank = rank, .size = kLearners}, board);
      seat.status.Update(gloo.status());
      if (!gloo.ok()) return;
      seat.group = std::make_unique<LearnerGroup>(LearnerGroupOptions{.rank = rank, .size = kLearners},
                                                  *std::move(gloo), board, *seat.algorithm);
      seat.status.Update(seat.group->ShareState());
    }));
  }
  threads.clear();
  for (const Seat& seat : seats) RECBOTS_RETURN_IF_ERROR(seat.status);
  return absl::OkStatus();
}

struct Seconds {
  double wall = 0, processor = 0;
};

// What `updates` updates take: of rank 0 alone, or of all together.
Seconds SecondsOf(std::vector<Seat>& seats, int updates, bool together) {
  for (Seat& seat : seats) seat.algorithm->SetExchange(together ? seat.group.get() : nullptr);
  const Instant start = Instant::Now();
  const double processor = ProcessorSeconds();
  std::vector<std::unique_ptr<Thread>> others;
  for (size_t i = 1; i < seats.size() && together; ++i) {
    others.push_back(std::make_unique<Thread>("learner", [&seat = seats[i], updates] { seat.Update(updates); }));
  }
  seats[0].Update(updates);
  others.clear();
  const Seconds seconds = {absl::ToDoubleSeconds(Instant::Now() - start), ProcessorSeconds() - processor};
  // Both go on from the same parameters.
  for (size_t i = 1; i < seats.size() && !together; ++i) {
    seats[i].status.Update(seats[i].algorithm->LoadState(seats[0].algorithm->SaveState()));
  }
  return seconds;
}

absl::StatusOr<std::vector<BenchResult>> Measure(const std::string& name, int64_t rows, int units,
                                                 const BenchOptions& options) {
  v1::AlgorithmConfig config;
  config.mutable_wolpertinger()->set_hidden_units(units);
  GroupBoard board({kLearners, "", {}}, [](const v1::RunManifest&) { return ""; });
  std::vector<Seat> seats(kLearners);
  for (Seat& seat : seats) {
    RECBOTS_ASSIGN_OR_RETURN(seat.algorithm, MakeAlgorithm(config, BrowsingBatch::Spec(), {.seed = 1}));
    RECBOTS_ASSIGN_OR_RETURN(seat.batch, BrowsingBatch::Make(rows));
  }
  RECBOTS_RETURN_IF_ERROR(Connect(board, seats));
  SecondsOf(seats, 1, /*together=*/false);
  const double one_update = SecondsOf(seats, 1, /*together=*/true).wall;
  const int updates = std::max(1, static_cast<int>(absl::ToDoubleSeconds(options.window) / one_update));
  std::vector<double> alone, together, ratios, by_processor;
  for (int window = 0; window < options.windows; ++window) {
    const double done = static_cast<double>(updates * rows);
    const Seconds of_one = SecondsOf(seats, updates, /*together=*/false);
    const Seconds of_all = SecondsOf(seats, updates, /*together=*/true);
    alone.push_back(done / of_one.wall);
    together.push_back(kLearners * done / of_all.wall);
    ratios.push_back(together.back() / alone.back());
    by_processor.push_back(kLearners * kLearners * of_one.processor / of_all.processor);
  }
  for (const Seat& seat : seats) RECBOTS_RETURN_IF_ERROR(seat.status);
  BenchResult ratio = {name, "times_one_learner", Median(ratios), "ratio"};
  std::sort(ratios.begin(), ratios.end());
  ratio.lowest = ratios.front();
  ratio.highest = ratios.back();
  return std::vector<BenchResult>{{name, "rows_per_second", Median(together), "rows/s"},
                                  {name, "rows_per_second_alone", Median(alone), "rows/s"},
                                  ratio,
                                  // What it would be on cores of their own, if no learner ever waited.
                                  {name, "times_one_learner_by_processor_time", Median(by_processor), "ratio"}};
}

}  // namespace

std::vector<Bench> GroupBenches() {
  std::vector<Bench> benches;
  // Rows of each learner's batch, and units per hidden layer.
  for (const auto& [rows, units] : {std::pair<int64_t, int>{256, 64}, {256, 256}, {1024, 512}}) {
    const std::string name = absl::StrCat("group/", rows, "x", units);
    benches.push_back({name, [=](const BenchOptions& options) { return Measure(name, rows, units, options); },
                       "drawing and receiving batches, publishing weights"});
  }
  return benches;
}

}  // namespace recbots
