// The programs of a fault test as the test sees them: the replay server over all its lives, ledger writers, ledger
// readers. FaultTest (fault_test.h) starts them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "recbots/v1/replay.pb.h"
#include "tests/faults/ledger.h"
#include "tests/faults/process.h"

namespace recbots::faults {

// A process, and whether it is supposed to run: a wait ends early when one has died that was not told to.
class Program {
 public:
  explicit Program(Process process) : process_(std::move(process)) {}

  Process& process() { return process_; }
  const Process& process() const { return process_; }
  bool DiedByItself() { return supposed_to_run_ && !process_.Running(); }
  // From here on it may end.
  void MayEnd() { supposed_to_run_ = false; }
  // SIGKILL, and waits for the end.
  void Kill() {
    MayEnd();
    process_.Kill();
  }
  // SIGTERM; see FaultTest::AwaitEnd.
  void Terminate();
  // SIGSTOP and SIGCONT.
  void Freeze();
  void Thaw();

 private:
  Process process_;
  bool supposed_to_run_ = true;
};

struct WriterFlags {
  std::string address = {};
  std::string table = {};
  int64_t writer = 1;  // Of the first stream; the others count on.
  int64_t incarnation = 0;
  int streams = 1;
  int64_t rows = 0;  // 0: until it is told to end.
  int64_t rows_per_second = 0;
  int64_t append_rows = 8;
  int64_t buffer_bytes = 256 << 10;
  int64_t block_bytes = 16 << 10;
  bool durable = false;
  bool priorities = false;
};

class LedgerWriter : public Program {
 public:
  LedgerWriter(WriterFlags flags, Process process, SharedFile pages)
      : Program(std::move(process)), flags_(std::move(flags)), pages_(std::move(pages)) {}

  const WriterFlags& flags() const { return flags_; }
  int streams() const { return flags_.streams; }
  const WriterPage& page(int stream = 0) const { return pages_.as<const WriterPage>()[stream]; }
  // Over all streams.
  int64_t acknowledged() const { return Sum(&WriterPage::acknowledged); }
  int64_t durable() const { return Sum(&WriterPage::durable); }
  int64_t lost() const { return Sum(&WriterPage::lost); }
  int64_t appended() const { return Sum(&WriterPage::appended); }
  int64_t connections() const { return Sum(&WriterPage::connections); }
  std::vector<int64_t> connections_by_stream() const;

 private:
  int64_t Sum(std::atomic<int64_t> WriterPage::*counter) const;

  WriterFlags flags_;
  SharedFile pages_;
};

struct ReaderFlags {
  std::string address = {};
  std::string table = {};
  bool prioritized = false;
  int batch = 32;
  int in_flight = 4;
  int use_milliseconds = 0;
};

class LedgerReader : public Program {
 public:
  LedgerReader(ReaderFlags flags, Process process, SharedFile page)
      : Program(std::move(process)), flags_(std::move(flags)), page_(std::move(page)) {}

  const ReaderFlags& flags() const { return flags_; }
  const ReaderPage& page() const { return *page_.as<const ReaderPage>(); }
  // Batches whose acknowledgement may be under way when it dies: those ordered, and the one being used.
  int64_t unsure_batches() const { return flags_.in_flight + 1; }

 private:
  ReaderFlags flags_;
  SharedFile page_;
};

struct ServerSpec {
  std::string name = "replay";
  // Body of the message ReplayConfig: tables, checkpoint.
  std::string replay_config = {};
  bool unix_socket = false;  // Otherwise TCP on loopback.
  bool checkpoints = true;
  std::string checkpoint_dir = {};  // Empty: a folder of its own.
};

// recbots-replay: one address, one checkpoint folder, one process after another.
class Server {
 public:
  // `directory`: for its configuration and its checkpoints. `port`: one that is free.
  Server(ServerSpec spec, std::string directory, std::string program, int port);

  // A new life; the one before must be over.
  void Start();
  // Of the present life.
  Program& program() { return *lives_.back(); }
  const std::vector<std::unique_ptr<Program>>& lives() const { return lives_; }
  void Kill() { program().Kill(); }

  const std::string& name() const { return spec_.name; }
  const std::string& address() const { return address_; }
  const std::string& checkpoint_dir() const { return checkpoint_dir_; }
  // Where the files lie.
  std::string shard_dir() const { return checkpoint_dir_ + "/shard-0"; }
  // Whether the present life has said that it serves.
  bool Serves() const;
  // UNAVAILABLE and DEADLINE_EXCEEDED: it did not answer within seconds.
  absl::StatusOr<v1::InfoResponse> Info() const;
  // Of that table; one without a name when the server does not answer.
  v1::TableInfo Table(const std::string& table) const;

 private:
  ServerSpec spec_;
  std::string directory_;
  std::string program_path_;
  std::string address_;
  std::string checkpoint_dir_;
  std::vector<std::unique_ptr<Program>> lives_;
};

// Tables of ledger rows. A queue gives every row once, oldest first.
std::string QueueTable(const std::string& name, int64_t capacity_rows);
std::string PrioritizedTable(const std::string& name, int64_t capacity_rows, int64_t min_size);

// A port of the loopback interface that is free and that the kernel gives to nobody: a client that looks for a server
// which is away could otherwise get the server's own port and be connected with itself.
int FreePort(uint32_t first_guess);

}  // namespace recbots::faults
