// Programs started, read and ended by a test, in a folder of its own.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "common/base/instant.h"
#include "deploy/cli/cluster/child_process.h"

namespace recbots::testing {

struct Outcome {
  int exit_code = 0;
  double seconds = 0;
  std::string log;
};

class ProgramsTest : public ::testing::Test {
 protected:
  ProgramsTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    dir_ = ::testing::TempDir() + "/programs_" + info->name() + "_" + std::to_string(getpid());
    std::filesystem::create_directories(dir_);
  }
  ~ProgramsTest() override { std::filesystem::remove_all(dir_); }

  ChildProcess Start(const std::string& program, std::vector<std::string> arguments) {
    ChildOptions options;
    options.name = program;
    options.log_path = dir_ + "/" + program + std::to_string(++started_) + ".out";
    options.arguments = {std::string(RECBOTS_PROGRAM_DIR) + "/" + program};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    auto child = ChildProcess::Start(options);
    EXPECT_TRUE(child.ok()) << child.status();
    return *std::move(child);
  }
  static std::string Read(const std::string& path) { return ReadFile(path).value_or(""); }
  // Waits for the end of a program that must end by itself.
  static Outcome Finish(ChildProcess& child, absl::Duration patience) {
    const Instant start = Instant::Now();
    EXPECT_TRUE(child.AwaitEnd(start + patience)) << child.name() << " still runs: " << Read(child.log_path());
    return {child.exit_code(), absl::ToDoubleSeconds(Instant::Now() - start), Read(child.log_path())};
  }
  // A shell, for what only a shell can do: limits, pipes, a folder to begin in. $BIN is where the programs are.
  ChildProcess StartShell(const std::string& script) {
    ChildOptions options;
    options.name = "shell";
    options.log_path = absl::StrCat(dir_, "/shell", ++started_, ".out");
    options.arguments = {"/bin/bash", "-c", absl::StrCat("BIN=", RECBOTS_PROGRAM_DIR, "\ncd ", dir_, "\n", script)};
    auto child = ChildProcess::Start(options);
    EXPECT_TRUE(child.ok()) << child.status();
    return *std::move(child);
  }
  Outcome RunShell(const std::string& script, absl::Duration patience = absl::Seconds(120)) {
    ChildProcess child = StartShell(script);
    return Finish(child, patience);
  }
  // Polls until `done` says so; false after `patience`.
  template <typename Done>
  static bool Await(Done done, absl::Duration patience = absl::Seconds(60)) {
    const Instant deadline = Instant::Now() + patience;
    while (!done()) {
      if (Instant::Now() >= deadline) return false;
      absl::SleepFor(absl::Milliseconds(2));
    }
    return true;
  }
  Outcome RunProgram(const std::string& program, std::vector<std::string> arguments,
                     absl::Duration patience = absl::Seconds(60)) {
    ChildProcess child = Start(program, std::move(arguments));
    return Finish(child, patience);
  }
  // Waits until the program has a handler for SIGTERM: before, a signal ends it at once.
  static ::testing::AssertionResult AwaitSignalHandler(ChildProcess& child, absl::Duration patience) {
    const Instant deadline = Instant::Now() + patience;
    while (Instant::Now() < deadline && child.Running()) {
      std::ifstream status("/proc/" + std::to_string(child.pid()) + "/status");
      for (std::string line; std::getline(status, line);) {
        if (line.rfind("SigCgt:", 0) != 0) continue;
        if ((std::stoull(line.substr(7), nullptr, 16) >> (SIGTERM - 1) & 1) != 0) return ::testing::AssertionSuccess();
      }
      absl::SleepFor(absl::Milliseconds(10));
    }
    return ::testing::AssertionFailure() << "no handler for SIGTERM: " << Read(child.log_path());
  }
  // Waits until the program's log holds a text.
  static ::testing::AssertionResult AwaitLog(ChildProcess& child, const std::string& text, absl::Duration patience) {
    const Instant deadline = Instant::Now() + patience;
    while (Instant::Now() < deadline) {
      const bool running = child.Running();
      if (Read(child.log_path()).find(text) != std::string::npos) return ::testing::AssertionSuccess();
      if (!running) break;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return ::testing::AssertionFailure() << "no '" << text << "' in: " << Read(child.log_path());
  }

  std::string dir_;
  int started_ = 0;
};

}  // namespace recbots::testing
