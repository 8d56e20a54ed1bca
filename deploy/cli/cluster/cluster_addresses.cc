// Where the services of a local cluster listen.
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/host_port.h"
#include "common/base/status_macros.h"
#include "deploy/cli/cluster/local_cluster.h"

namespace recbots {

absl::StatusOr<int> FindFreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  const bool found = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (!found) return absl::UnavailableError(absl::StrCat("no free port on 127.0.0.1: ", strerror(error)));
  return ntohs(address.sin_port);
}

absl::StatusOr<ClusterAddresses> ChooseAddresses(const std::string& run_dir, int num_replay_shards) {
  std::error_code error;
  const std::string dir = std::filesystem::canonical(run_dir, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat("run directory '", run_dir, "': ", error.message()));
  const auto socket = [&dir](const std::string& name) { return absl::StrCat("unix:", dir, "/", name, ".sock"); };
  ClusterAddresses addresses;
  // Uses sockets for all or for none: the longest name decides.
  addresses.sockets = ParseUnixAddress(socket(absl::StrCat("replay-", num_replay_shards))).ok();
  const auto choose = [&](const std::string& name) -> absl::StatusOr<std::string> {
    if (addresses.sockets) return socket(name);
    RECBOTS_ASSIGN_OR_RETURN(const int port, FindFreePort());
    return absl::StrCat("127.0.0.1:", port);
  };
  for (int i = 0; i < num_replay_shards; ++i) {
    RECBOTS_ASSIGN_OR_RETURN(std::string address, choose(absl::StrCat("replay-", i)));
    addresses.replay.push_back(std::move(address));
  }
  RECBOTS_ASSIGN_OR_RETURN(addresses.learner, choose("learner"));
  return addresses;
}

}  // namespace recbots
