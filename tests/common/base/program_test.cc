// What becomes of standard output that cannot be written, and of streams that are closed. Each case runs as a process
// of its own.
#include "common/base/program.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace recbots {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Outcome {
  int exit_code = -1;
  std::string error;  // What it wrote to standard error.
};

std::string ReadAll(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  while (const ssize_t n = read(fd, buffer.data(), buffer.size())) {
    if (n < 0) break;
    text.append(buffer.data(), static_cast<size_t>(n));
  }
  return text;
}

// Runs `body` as a program whose standard output is `stdout_fd`; -1: closed.
Outcome RunWithOutput(int stdout_fd, const std::function<int(const std::vector<std::string>&)>& body) {
  int errors[2];
  EXPECT_EQ(pipe(errors), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(errors[1], STDERR_FILENO);
    if (stdout_fd >= 0) {
      dup2(stdout_fd, STDOUT_FILENO);
    } else {
      close(STDOUT_FILENO);
    }
    std::string name = "program", argument = "argument";
    std::array<char*, 3> argv = {name.data(), argument.data(), nullptr};
    _exit(RunProgram("tester", 2, argv.data(), body));
  }
  close(errors[1]);
  Outcome outcome;
  outcome.error = ReadAll(errors[0]);
  close(errors[0]);
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

int Say(const std::vector<std::string>& arguments) {
  std::cout << "said " << arguments[0] << "\n";
  return kExitOk;
}

TEST(ProgramTest, WritesWhatWasSaidAndKeepsTheExitCode) {
  int output[2];
  ASSERT_EQ(pipe(output), 0);
  const Outcome outcome = RunWithOutput(output[1], [](const std::vector<std::string>& arguments) {
    Say(arguments);
    return kExitInterrupted;
  });
  close(output[1]);
  EXPECT_EQ(ReadAll(output[0]), "said argument\n");
  close(output[0]);
  EXPECT_EQ(outcome.exit_code, kExitInterrupted);
  EXPECT_THAT(outcome.error, IsEmpty());
}

// The tests lie in the folder of a build, which has no such program.
TEST(ProgramTest, AProgramThatWasNotBuiltSaysHowItIs) {
  const Outcome outcome = RunWithOutput(
      STDERR_FILENO, [](const std::vector<std::string>&) { return BecomeProgram("recbots-nothing", {}); });
  EXPECT_EQ(outcome.exit_code, kExitFailed);
  EXPECT_THAT(outcome.error, HasSubstr("recbots-nothing: No such file or directory; `ninja -C "));
  EXPECT_THAT(outcome.error, HasSubstr(" recbots-nothing` builds it\n"));
}

TEST(ProgramTest, MoreThanTheBufferArrives) {
  const std::string text(300'000, 'x');
  FILE* file = tmpfile();
  const Outcome outcome = RunWithOutput(fileno(file), [&](const std::vector<std::string>&) {
    std::cout << text << "y" << std::flush << "z";
    return kExitOk;
  });
  EXPECT_EQ(outcome.exit_code, kExitOk);
  EXPECT_EQ(lseek(fileno(file), 0, SEEK_SET), 0);
  EXPECT_EQ(ReadAll(fileno(file)), text + "yz");
  fclose(file);
}

TEST(ProgramTest, AFullDiskIsAFailureThatSaysWhy) {
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  // Noticed at the end, or while it runs: said once.
  for (const int num_lines : {1, 100'000}) {
    const Outcome outcome = RunWithOutput(full, [num_lines](const std::vector<std::string>& arguments) {
      for (int i = 0; i < num_lines; ++i) Say(arguments);
      return kExitOk;
    });
    EXPECT_EQ(outcome.exit_code, kExitFailed);
    EXPECT_EQ(outcome.error, "recbots: cannot write to standard output: No space left on device\n");
  }
  close(full);
}

TEST(ProgramTest, AFullDiskDoesNotHideAnotherExitCode) {
  const int full = open("/dev/full", O_WRONLY);
  const Outcome outcome = RunWithOutput(full, [](const std::vector<std::string>& arguments) {
    Say(arguments);
    return Fail(absl::InvalidArgumentError("--flag 7, want 1..6"), kExitBadUsage);
  });
  close(full);
  EXPECT_EQ(outcome.exit_code, kExitBadUsage);
  EXPECT_THAT(outcome.error, HasSubstr("recbots: --flag 7, want 1..6\n"));
}

TEST(ProgramTest, AReaderThatWentAwayIsNoFailure) {
  int output[2];
  ASSERT_EQ(pipe(output), 0);
  close(output[0]);
  const Outcome outcome = RunWithOutput(output[1], [](const std::vector<std::string>& arguments) {
    Say(arguments);
    std::cout << std::flush;
    return std::cout ? 3 : kExitOk;  // A command that only prints can see that it may end.
  });
  close(output[1]);
  EXPECT_EQ(outcome.exit_code, kExitOk);
  EXPECT_THAT(outcome.error, IsEmpty());
}

TEST(ProgramTest, AClosedOutputIsAFailureOnlyWhereSomethingIsSaid) {
  const Outcome said = RunWithOutput(-1, Say);
  EXPECT_EQ(said.exit_code, kExitFailed);
  EXPECT_THAT(said.error, HasSubstr("Bad file descriptor"));
  EXPECT_EQ(RunWithOutput(-1, [](const std::vector<std::string>&) { return kExitOk; }).exit_code, kExitOk);
}

TEST(ProgramTest, WhatIsOpenedNeverTakesThePlaceOfAClosedOutput) {
  const Outcome outcome = RunWithOutput(-1, [](const std::vector<std::string>&) {
    return open("/dev/null", O_WRONLY) > STDERR_FILENO ? kExitOk : kExitFailed;
  });
  EXPECT_EQ(outcome.exit_code, kExitOk);
}

}  // namespace
}  // namespace recbots
