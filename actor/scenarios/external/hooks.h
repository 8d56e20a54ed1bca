// What a role gives to environments in programs of their own, and learns about them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "actor/scenarios/external/options.h"
#include "actor/scenarios/external/program.h"
#include "common/base/mutex.h"
#include "common/base/stop.h"
#include "common/base/wait_board.h"

namespace recbots {

// Why programs were started again: the labels of recbots_actor_environment_restarts_total.
inline constexpr std::array<const char*, 5> kRestartReasons = {"hang", "crash", "error", "columns", "start"};

// What became of the programs of one scenario. Thread-safe.
class ProgramRecord {
 public:
  struct Snapshot {
    std::map<std::string, int64_t> restarts;  // By reason.
    std::string last_error;                   // "": none yet.
    absl::Duration stepping;                  // Spent in waiting for answers to steps, all environments together.
  };

  void Restarted(absl::string_view reason) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    ++now_.restarts[std::string(reason)];
  }
  void Failed(std::string error) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    now_.last_error = std::move(error);
  }
  void Stepped(absl::Duration time) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    now_.stepping += time;
  }
  Snapshot snapshot() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return now_;
  }

 private:
  mutable Mutex mu_;
  Snapshot now_ ABSL_GUARDED_BY(mu_);
};

struct ExternalHooks {
  StopQuestion stop = nullptr;
  WaitBoard* waits = nullptr;
  // Gives the first of num_users random streams that no user of the run has had. Without it the environment takes the
  // num_users streams behind its own, so it must be the only one of the run. Errors end the environment.
  std::function<absl::StatusOr<uint32_t>(int num_users)> new_streams = nullptr;
  // Called after each step with the time that the program took.
  std::function<void(absl::Duration)> on_step = nullptr;
  std::shared_ptr<ProgramRecord> record = nullptr;
  // Makes what connects to the environment at an address. Without it, addresses are refused: this part has no network.
  std::function<absl::StatusOr<std::unique_ptr<ProgramLauncher>>(const ExternalOptions&)> connect = nullptr;
};

}  // namespace recbots
