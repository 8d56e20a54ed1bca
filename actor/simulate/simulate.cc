#include "actor/simulate/simulate.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "actor/simulate/block_player.h"
#include "actor/simulate/episode_sums.h"
#include "actor/simulate/gzip.h"
#include "actor/simulate/ordered_handover.h"
#include "common/base/check_range.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/thread.h"

namespace recbots {
namespace {

constexpr int64_t kMaxLoggedEpisodes = 64;               // In a block with a log.
constexpr int64_t kMinEpisodes = 64;                     // In a block without a log, so that handing over costs little.
constexpr int64_t kMaxLoggedNumbers = int64_t{1} << 25;  // In a block with a log whose episodes reach the step limit.
constexpr absl::Duration kProgressInterval = absl::Seconds(10);

// The number of episodes in a block with a log. It depends on scenario and format alone: every block is a gzip member,
// and the bytes of the log must not depend on the number of threads.
int64_t LoggedEpisodes(const EnvironmentSpec& spec, const LogFormat& format) {
  const double numbers = std::max(1.0, static_cast<double>(spec.max_episode_steps)) * spec.users_per_session *
                         spec.slate_size * static_cast<double>(format.num_columns());
  return std::clamp(static_cast<int64_t>(static_cast<double>(kMaxLoggedNumbers) / numbers), int64_t{1},
                    kMaxLoggedEpisodes);
}

// One run. Threads take the numbers of blocks from next_block_ and play the blocks, which are then added up in order.
class Run {
 public:
  Run(const Scenario& scenario, const SimulationOptions& options, bool learns, ImpressionLog* log)
      : scenario_(scenario),
        options_(options),
        log_(log),
        finished_(static_cast<size_t>(options.threads), [this](Piece& piece) { return Take(piece); }),
        sums_(scenario.metrics()) {
    const int64_t session_size = scenario.spec().users_per_session;
    together_ = learns ? 1 : std::max<int64_t>(1, options.users / session_size);
    const int64_t share = (options.episodes + options.threads - 1) / options.threads;
    together_ = std::min(together_, share);  // So that every thread has work.
    block_size_ = log == nullptr ? std::max(together_, std::min(share, kMinEpisodes))
                                 : LoggedEpisodes(scenario.spec(), log->format());
    together_ = std::min(together_, block_size_);
    num_blocks_ = (options.episodes + block_size_ - 1) / block_size_;
    threads_ = learns ? 1 : static_cast<int>(std::min<int64_t>(options.threads, num_blocks_));
  }

  int threads() const { return threads_; }

  absl::StatusOr<SimulationResult> Play(const std::vector<std::unique_ptr<Policy>>& policies) {
    start_ = last_progress_ = Instant::Now();
    {
      std::vector<std::unique_ptr<Thread>> workers;
      for (size_t i = 1; i < policies.size(); ++i) {
        workers.push_back(
            std::make_unique<Thread>(absl::StrCat("simulate", i), [this, &policies, i] { Work(*policies[i]); }));
      }
      Work(*policies[0]);
    }
    RECBOTS_RETURN_IF_ERROR(error_);
    SimulationResult result;
    result.episodes = sums_.episodes();
    result.env_steps = sums_.env_steps();
    result.stopped = result.episodes < options_.episodes;
    result.wall_seconds = absl::ToDoubleSeconds(Instant::Now() - start_);
    result.threads = threads_;
    result.users = static_cast<int>(together_) * scenario_.spec().users_per_session;
    result.metrics = sums_.Estimates();
    return result;
  }

 private:
  bool should_stop() const { return failed_.load(std::memory_order_relaxed) || options_.should_stop(); }

  // A block, and the error that ended it early, if any.
  struct Piece {
    EpisodeBlock block;
    absl::Status status;
  };

  void Work(Policy& policy) {
    const auto stop = [this] { return should_stop(); };
    BlockPlayer player(scenario_, policy, log_ != nullptr ? &log_->format() : nullptr, stop);
    GzipCompressor compressor;
    bool go_on = true;
    while (go_on) {
      const int64_t number = next_block_++;
      if (number >= num_blocks_) return;
      Piece piece;
      piece.status = PlayBlock(number, player, piece.block);
      if (log_ != nullptr && log_->gzip() && piece.block.num_episodes > 0) {
        std::string member;
        compressor.Compress(piece.block.log, member);
        piece.block.log.swap(member);
      }
      go_on = finished_.Hand(number, std::move(piece), stop);
    }
  }

  absl::Status PlayBlock(int64_t number, BlockPlayer& player, EpisodeBlock& block) {
    const int64_t end = std::min((number + 1) * block_size_, options_.episodes);
    for (int64_t first = number * block_size_; first < end; first += together_) {
      RECBOTS_RETURN_IF_ERROR(player.Play(first, static_cast<int>(std::min(together_, end - first)), block));
    }
    return absl::OkStatus();
  }

  // Called in the order of blocks, by one thread at a time, up to the first block that was not played to its end. So
  // the error does not depend on the number of threads.
  bool Take(Piece& piece) {
    error_ = Add(piece.block);
    if (error_.ok() && !absl::IsCancelled(piece.status)) error_ = piece.status;
    if (!error_.ok()) failed_ = true;
    return error_.ok() && piece.status.ok();
  }

  absl::Status Add(const EpisodeBlock& block) {
    if (block.num_episodes == 0) return absl::OkStatus();
    if (log_ != nullptr) RECBOTS_RETURN_IF_ERROR(log_->Append(block.log, block.log_rows));
    sums_.Add(block);
    if (options_.on_episodes != nullptr) {
      options_.on_episodes(sums_.episodes());
      return absl::OkStatus();
    }
    const Instant now = Instant::Now();
    if (now - last_progress_ >= kProgressInterval) {
      last_progress_ = now;
      const double seconds = absl::ToDoubleSeconds(now - start_);
      RECBOTS_LOG(INFO) << "simulating" << Field("episodes", sums_.episodes()) << Field("of", options_.episodes)
                        << Field("steps_per_second",
                                 static_cast<int64_t>(static_cast<double>(sums_.env_steps()) / seconds));
    }
    return absl::OkStatus();
  }

  const Scenario& scenario_;
  const SimulationOptions& options_;
  ImpressionLog* const log_;
  int64_t block_size_ = 1;  // Episodes in a block,
  int64_t together_ = 1;    // and how many of them are played at once.
  int64_t num_blocks_ = 1;
  int threads_ = 1;

  std::atomic<int64_t> next_block_{0};
  std::atomic<bool> failed_{false};
  OrderedHandover<Piece> finished_;
  // Used only by Take, and after the threads have ended.
  EpisodeSums sums_;
  absl::Status error_;
  Instant start_;
  Instant last_progress_;
};

}  // namespace

absl::Status ValidateSimulation(const EnvironmentSpec& spec, const SimulationOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckRange("episodes", options.episodes, 1, kMaxEpisodes));
  RECBOTS_RETURN_IF_ERROR(CheckRange("threads", options.threads, 1, kMaxSimulationThreads));
  RECBOTS_RETURN_IF_ERROR(CheckRange("users", options.users, 1, kMaxSimulationUsers));
  // The last stream is the one of candidates that never change.
  const int64_t max_episodes = std::numeric_limits<uint32_t>::max() / static_cast<uint32_t>(spec.users_per_session);
  if (options.episodes <= max_episodes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("episodes ", options.episodes, ", want 1..", max_episodes, " with ",
                                                 spec.users_per_session, " users per session"));
}

absl::StatusOr<SimulationResult> Simulate(const Scenario& scenario, const PolicyFactory& make_policy,
                                          const SimulationOptions& options, ImpressionLog* log) {
  RECBOTS_RETURN_IF_ERROR(ValidateSimulation(scenario.spec(), options));
  std::vector<std::unique_ptr<Policy>> policies(1);
  RECBOTS_ASSIGN_OR_RETURN(policies[0], make_policy());
  Run run(scenario, options, policies[0]->learns(), log);
  while (policies.size() < static_cast<size_t>(run.threads())) {
    RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<Policy> policy, make_policy());
    policies.push_back(std::move(policy));
  }
  return run.Play(policies);
}

}  // namespace recbots
