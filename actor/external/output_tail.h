// Reads what a program prints: into the log of this process, and keeps the last lines.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/file_descriptor.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"

namespace recbots {

// Reads at once, so that the program never waits. The log gets a few hundred lines a second; of more it gets the
// number. Thread-safe.
class OutputTail {
 public:
  static constexpr size_t kLinesKept = 50;
  static constexpr size_t kMaxLineBytes = 1000;  // Longer lines are parted.
  static constexpr int kMaxLinesLogged = 200;    // In a second.

  // Reads `output` until its end.
  explicit OutputTail(FileDescriptor output);
  ~OutputTail();

  // The last lines, after waiting for the end of the output for at most `patience`.
  std::string Last(absl::Duration patience) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Read() ABSL_LOCKS_EXCLUDED(mu_);
  void Take(absl::string_view bytes) ABSL_LOCKS_EXCLUDED(mu_);
  void TakeLine() ABSL_LOCKS_EXCLUDED(mu_);
  void ShowSkipped();

  const FileDescriptor output_;
  std::atomic<bool> stop_{false};
  // Of the thread.
  std::string line_;
  Instant second_;
  int logged_ = 0;
  int64_t skipped_ = 0;

  mutable Mutex mu_;
  std::deque<std::string> lines_ ABSL_GUARDED_BY(mu_);
  bool ended_ ABSL_GUARDED_BY(mu_) = false;

  std::unique_ptr<Thread> thread_;
};

}  // namespace recbots
