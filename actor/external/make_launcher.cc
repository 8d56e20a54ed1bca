#include "actor/external/make_launcher.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "actor/external/child.h"
#include "actor/external/child_program.h"
#include "actor/external/command_words.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/base/thread.h"

namespace recbots {
namespace {

// Starts programs from a thread that lives as long as the launcher: the system ends a program when the thread that
// started it ends.
class CommandLauncher final : public ProgramLauncher {
 public:
  CommandLauncher(const std::string& command, std::vector<std::string> words, bool shared_memory)
      : name_(absl::StrCat("the program '", command, "'")), words_(std::move(words)), shared_memory_(shared_memory) {}

  ~CommandLauncher() override {
    {
      MutexLock lock(&mu_);
      ending_ = true;
    }
    thread_.reset();
  }

  const std::string& name() const override { return name_; }

  absl::StatusOr<std::unique_ptr<UserProgram>> Launch(const ProgramWait&) override {
    MutexLock one_at_a_time(&launch_mu_);
    MutexLock lock(&mu_);
    if (thread_ == nullptr) thread_ = std::make_unique<Thread>("env-start", [this] { Work(); });
    wanted_ = true;
    mu_.AwaitUntil([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return !wanted_; }, Instant::InfiniteFuture());
    RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<Child> child, std::move(started_));
    return std::make_unique<ChildProgram>(std::move(child), shared_memory_);
  }

 private:
  void Work() {
    MutexLock lock(&mu_);
    while (true) {
      mu_.AwaitUntil([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return wanted_ || ending_; }, Instant::InfiniteFuture());
      if (!wanted_) return;
      started_ = Child::Start(words_);
      wanted_ = false;
    }
  }

  const std::string name_;
  const std::vector<std::string> words_;
  const bool shared_memory_;
  Mutex launch_mu_;
  Mutex mu_ ABSL_ACQUIRED_AFTER(launch_mu_);
  bool wanted_ ABSL_GUARDED_BY(mu_) = false;
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  absl::StatusOr<std::unique_ptr<Child>> started_ ABSL_GUARDED_BY(mu_) = absl::UnknownError("not started");
  std::unique_ptr<Thread> thread_;
};

class NoLauncher final : public ProgramLauncher {
 public:
  explicit NoLauncher(const std::string& address) : name_(absl::StrCat("the environment at ", address)) {}
  const std::string& name() const override { return name_; }
  absl::StatusOr<std::unique_ptr<UserProgram>> Launch(const ProgramWait&) override {
    return absl::FailedPreconditionError("this program connects to no address");
  }

 private:
  const std::string name_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ProgramLauncher>> MakeLauncher(const ExternalOptions& options,
                                                              const ExternalHooks& hooks) {
  if (!options.address.empty()) {
    if (hooks.connect) return hooks.connect(options);
    return std::make_unique<NoLauncher>(options.address);
  }
  RECBOTS_ASSIGN_OR_RETURN(std::vector<std::string> words, CommandWords(options.command));
  return std::make_unique<CommandLauncher>(options.command, std::move(words), options.shared_memory);
}

}  // namespace recbots
