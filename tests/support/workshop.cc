#include "tests/support/workshop.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "tests/support/source_dir.h"

namespace recbots::testing {
namespace {

constexpr char kShortTraining[] = " --set goal.share_of_optimum=0 --set goal.max_updates=60 --quiet";

}  // namespace

std::string FileContent(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Workshop::Workshop() : path_((std::filesystem::path(::testing::TempDir()) / "workshop-XXXXXX").string()) {
  RECBOTS_CHECK(mkdtemp(path_.data()) != nullptr) << "no folder in " << ::testing::TempDir();
  for (const char* folder : {"deploy", "tests"}) {
    std::filesystem::create_directory_symlink(SourceDir() + "/" + folder, Path(folder));
  }
}

Workshop::~Workshop() {
  if (replay_.has_value()) {
    replay_->Signal(SIGTERM);
    replay_->AwaitEnd(Instant::Now() + absl::Seconds(20));
    replay_.reset();
  }
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

ChildProcess Workshop::Start(const std::string& line) {
  ChildOptions options;
  options.name = line;
  options.log_path = Path(absl::StrCat("output-", ++num_started_));
  options.arguments = {"/bin/bash", "-c",
                       absl::StrCat("cd '", path_, "' && export PATH='" RECBOTS_PROGRAM_DIR "':$PATH && ", line)};
  absl::StatusOr<ChildProcess> child = ChildProcess::Start(options);
  RECBOTS_CHECK(child.ok()) << child.status();
  return *std::move(child);
}

Outcome Workshop::Run(const std::string& line, absl::Duration patience) {
  ChildProcess program = Start(line);
  return Finish(program, patience);
}

Outcome Workshop::Finish(ChildProcess& program, absl::Duration patience) {
  const bool ended = program.AwaitEnd(Instant::Now() + patience);
  Outcome outcome{program.exit_code(), FileContent(program.log_path())};
  EXPECT_TRUE(ended) << program.name() << "\nstill runs; so far it said\n" << outcome.output;
  return outcome;
}

std::string Workshop::AwaitAddress(const std::string& run_dir, const std::string& role, const std::string& what) {
  const std::string path = absl::StrCat(run_dir, "/", role, ".addresses");
  for (const Instant deadline = Instant::Now() + absl::Seconds(60); Instant::Now() < deadline;) {
    std::istringstream words(FileContent(path));
    for (std::string name, address; words >> name >> address;) {
      if (name == what) return address;
    }
    absl::SleepFor(absl::Milliseconds(10));
  }
  ADD_FAILURE() << "no " << what << " in " << path;
  return "";
}

const std::string& Workshop::server() {
  if (!server_.empty()) return server_;
  // With the rows of a run, so that it knows their schema.
  const Outcome copied = Run(absl::StrCat("cp -r ", checkpoint(), " checkpoints"));
  EXPECT_EQ(copied.exit_code, 0) << copied.output;
  replay_.emplace(
      Start("exec recbots-replay --config=deploy/config/browse.textproto --run_dir=served "
            "--checkpoint_dir=checkpoints"));
  server_ = AwaitAddress(Path("served"), "replay", "grpc");
  return server_;
}

const std::string& Workshop::checkpoint() {
  if (!checkpoint_.empty()) return checkpoint_;
  checkpoint_ = Path("clustered/replay");
  const Outcome made =
      Run(absl::StrCat("recbots cluster deploy/config/browse.textproto --run_dir=clustered", kShortTraining));
  EXPECT_EQ(made.exit_code, 0) << made.output;
  return checkpoint_;
}

const std::string& Workshop::trained_run() {
  if (!trained_run_.empty()) return trained_run_;
  trained_run_ = Path("trained");
  const Outcome trained =
      Run(absl::StrCat("recbots train deploy/config/browse.textproto --run_dir=trained", kShortTraining));
  EXPECT_EQ(trained.exit_code, 0) << trained.output;
  return trained_run_;
}

const std::string& Workshop::log() {
  if (!log_.empty()) return log_;
  log_ = Path("log.csv.gz");
  const Outcome played =
      Run(absl::StrCat("recbots simulate deploy/config/browse.textproto --policy=random --episodes=2000 --log=", log_));
  EXPECT_EQ(played.exit_code, 0) << played.output;
  return log_;
}

}  // namespace recbots::testing
