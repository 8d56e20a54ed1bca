#include "deploy/cli/reproduce/job_queue.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/instant.h"

namespace recbots {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(20);
constexpr int kExcerptLines = 5;
constexpr int kNotStarted = 127;

}  // namespace

JobQueue::JobQueue(std::vector<Job> jobs, int at_once)
    : jobs_(std::move(jobs)), at_once_(static_cast<size_t>(std::max(1, at_once))) {
  for (size_t i = 0; i < jobs_.size(); ++i) waiting_.push_back(i);
  std::stable_sort(waiting_.begin(), waiting_.end(), [this](size_t a, size_t b) {
    if (jobs_[a].alone != jobs_[b].alone) return !jobs_[a].alone;
    return jobs_[a].cost > jobs_[b].cost;
  });
}

bool JobQueue::Run(const std::function<bool()>& stop, const std::function<void(const JobEnd&)>& on_end,
                   absl::Duration patience) {
  while (!stop()) {
    StartJobs();
    std::vector<JobEnd> ended = std::move(ended_);
    ended_.clear();
    for (const JobEnd& end : ended) on_end(end);
    if (waiting_.empty() && running_.empty() && ended_.empty()) return true;
    if (ended.empty()) absl::SleepFor(kPoll);
    CollectEnded();
  }
  Terminate(patience);
  return false;
}

double JobQueue::SecondsLeft() const {
  if (cost_done_ == 0) return -1;
  const double seconds_per_cost = seconds_done_ / cost_done_;
  double beside = 0, alone = 0;
  for (const size_t job : waiting_) (jobs_[job].alone ? alone : beside) += seconds_per_cost * jobs_[job].cost;
  for (const Running& running : running_) {
    const double spent = absl::ToDoubleSeconds(Instant::Now() - running.start);
    beside += std::max(0.0, seconds_per_cost * jobs_[running.job].cost - spent);
  }
  return beside / static_cast<double>(at_once_) + alone;
}

bool JobQueue::MayStart(const Job& job) const {
  if (running_.empty()) return true;
  return running_.size() < at_once_ && !job.alone && !jobs_[running_.front().job].alone;
}

void JobQueue::StartJobs() {
  while (!waiting_.empty() && MayStart(jobs_[waiting_.front()])) {
    const size_t index = waiting_.front();
    waiting_.erase(waiting_.begin());
    const Job& job = jobs_[index];
    const Instant start = Instant::Now();
    absl::StatusOr<ChildProcess> child = ChildProcess::Start({job.name, job.arguments, job.log_path});
    if (child.ok()) {
      running_.push_back({index, start, *std::move(child)});
    } else {
      ended_.push_back({index, kNotStarted, 0, std::string(child.status().message())});
    }
  }
}

void JobQueue::CollectEnded() {
  std::vector<Running> still;
  for (Running& running : running_) {
    if (running.child.Running()) {
      still.push_back(std::move(running));
      continue;
    }
    const double seconds = absl::ToDoubleSeconds(Instant::Now() - running.start);
    const int exit_code = running.child.exit_code();
    if (exit_code == 0) {
      cost_done_ += jobs_[running.job].cost;
      seconds_done_ += seconds;
    }
    ended_.push_back(
        {running.job, exit_code, seconds, exit_code == 0 ? "" : running.child.LastLogLines(kExcerptLines)});
  }
  running_ = std::move(still);
}

void JobQueue::Terminate(absl::Duration patience) {
  for (Running& running : running_) running.child.Signal(SIGTERM);
  const Instant deadline = Instant::Now() + patience;
  for (Running& running : running_) running.child.AwaitEnd(deadline);
  running_.clear();  // Kills the jobs that still run.
}

}  // namespace recbots
