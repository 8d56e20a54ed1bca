// The store of a group of learners in a folder: for processes that a test has forked.
#pragma once

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "learner/group/group_store.h"

namespace recbots::testing {

class FolderGroupStore final : public GroupStore {
 public:
  explicit FolderGroupStore(std::string folder) : folder_(std::move(folder)) {}

  absl::Status Set(const std::string& key, const std::string& value) override { return WriteFile(Path(key), value); }
  absl::StatusOr<std::string> Get(const std::string& key, Instant deadline) override {
    while (true) {
      absl::StatusOr<std::string> value = ReadFile(Path(key));
      if (value.ok()) return value;
      if (Instant::Now() >= deadline) return absl::DeadlineExceededError(absl::StrCat("no value of '", key, "'"));
      absl::SleepFor(absl::Milliseconds(2));
    }
  }

 private:
  std::string Path(const std::string& key) const { return absl::StrCat(folder_, "/key-", absl::BytesToHexString(key)); }

  const std::string folder_;
};

}  // namespace recbots::testing
