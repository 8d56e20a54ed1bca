#include "tests/faults/programs.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "replay/client/replay_sampler.h"

namespace recbots::faults {
namespace {

// What every role's configuration has to hold; nothing of it is used here.
constexpr char kExperiment[] = R"(
name: "faults"
environment { known_q {} }
algorithm { wolpertinger { k: 1 random_candidates: 0 } }
learner { batch_size: 1 batches_in_flight: 1 }
)";

constexpr char kColumns[] = R"(
    columns { name: "writer" type: INT64 }
    columns { name: "incarnation" type: INT64 }
    columns { name: "sequence" type: INT64 }
    columns { name: "check_value" type: INT32 }
    columns { name: "payload" type: INT32 shape: 19 }
)";

bool CanBind(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool can = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return can;
}

}  // namespace

void Program::Terminate() {
  MayEnd();
  process_.Signal(SIGTERM);
}

void Program::Freeze() { process_.Signal(SIGSTOP); }

void Program::Thaw() { process_.Signal(SIGCONT); }

int64_t LedgerWriter::Sum(std::atomic<int64_t> WriterPage::*counter) const {
  int64_t sum = 0;
  for (int i = 0; i < streams(); ++i) sum += (page(i).*counter).load();
  return sum;
}

std::vector<int64_t> LedgerWriter::connections_by_stream() const {
  std::vector<int64_t> connections;
  for (int i = 0; i < streams(); ++i) connections.push_back(page(i).connections);
  return connections;
}

Server::Server(ServerSpec spec, std::string directory, std::string program, int port)
    : spec_(std::move(spec)),
      directory_(std::move(directory)),
      program_path_(std::move(program)),
      address_(spec_.unix_socket ? absl::StrCat("unix:", directory_, "/", spec_.name, ".socket")
                                 : absl::StrCat("127.0.0.1:", port)),
      checkpoint_dir_(spec_.checkpoint_dir.empty() ? absl::StrCat(directory_, "/", spec_.name, "-checkpoints")
                                                   : spec_.checkpoint_dir) {
  std::ofstream(absl::StrCat(directory_, "/", spec_.name, ".textproto"))
      << kExperiment << "replay {" << spec_.replay_config << "}\n";
}

void Server::Start() {
  RECBOTS_CHECK(lives_.empty() || !program().process().Running()) << spec_.name << " still runs";
  std::vector<std::string> arguments = {program_path_,
                                        absl::StrCat("--config=", directory_, "/", spec_.name, ".textproto"),
                                        absl::StrCat("--listen=", address_)};
  if (spec_.checkpoints) arguments.push_back(absl::StrCat("--checkpoint_dir=", checkpoint_dir_));
  const std::string log = absl::StrCat(directory_, "/", spec_.name, "-", lives_.size(), ".log");
  absl::StatusOr<Process> process = Process::Start(absl::StrCat(spec_.name, "-", lives_.size()), arguments, log);
  RECBOTS_CHECK_OK(process.status());
  lives_.push_back(std::make_unique<Program>(*std::move(process)));
}

bool Server::Serves() const { return absl::StrContains(lives_.back()->process().Log(), "serving at"); }

absl::StatusOr<v1::InfoResponse> Server::Info() const {
  return replay::GetInfo(address_, Instant::Now() + absl::Seconds(5));
}

v1::TableInfo Server::Table(const std::string& table) const {
  const absl::StatusOr<v1::InfoResponse> info = Info();
  if (!info.ok()) return {};
  for (const v1::TableInfo& one : info->tables()) {
    if (one.name() == table) return one;
  }
  return {};
}

std::string QueueTable(const std::string& name, int64_t capacity_rows) {
  return absl::StrCat(
      "{ name: \"", name, "\"", kColumns, "    capacity_rows: ", capacity_rows,
      " sampler: OLDEST max_times_sampled: 1\n    rate_limiter { kind: QUEUE queue_size: ", capacity_rows, " } }\n");
}

std::string PrioritizedTable(const std::string& name, int64_t capacity_rows, int64_t min_size) {
  return absl::StrCat("{ name: \"", name, "\"", kColumns, "    capacity_rows: ", capacity_rows,
                      " sampler: PRIORITIZED\n    rate_limiter { min_size: ", min_size, " samples_per_insert: 0 } }\n");
}

int FreePort(uint32_t first_guess) {
  int low = 32768;
  int high = 0;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> low >> high;
  constexpr int kLowest = 10000;
  const int range = std::max(1000, low - kLowest);
  for (int i = 0; i < range; ++i) {
    const int port =
        kLowest + static_cast<int>((first_guess + static_cast<uint32_t>(i)) % static_cast<uint32_t>(range));
    if (CanBind(port)) return port;
  }
  RECBOTS_CHECK(false) << "no free port below " << low;
  return 0;
}

}  // namespace recbots::faults
