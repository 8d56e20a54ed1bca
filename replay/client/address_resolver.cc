#include "replay/client/address_resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/host_port.h"
#include "common/base/status_macros.h"
#include "replay/table/item_key.h"

namespace recbots::replay {
namespace {

bool IsNumeric(const std::string& host) {
  in6_addr numbers{};
  return inet_pton(AF_INET, host.c_str(), &numbers) == 1 || inet_pton(AF_INET6, host.c_str(), &numbers) == 1;
}

bool IsLoopback(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    return ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) >> 24 == 127;
  }
  return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
}

std::string HostOf(const addrinfo& found) {
  char text[NI_MAXHOST];
  const int error = ::getnameinfo(found.ai_addr, found.ai_addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST);
  return error == 0 ? text : "";
}

// One entry of the list: constant, or a name that is looked up again each time.
class Entry {
 public:
  explicit Entry(const std::string& address) : address_(address) {
    if (const absl::StatusOr<HostPort> parsed = ParseHostPort(address); !IsUnixAddress(address) && parsed.ok()) {
      name_ = *parsed;
    }
    if (name_.host.empty() || IsNumeric(name_.host)) shards_ = {{address, ""}};
  }

  bool constant() const { return name_.host.empty() || IsNumeric(name_.host); }
  const std::vector<ShardAddress>& shards() const { return shards_; }

  absl::Status LookUp() {
    if (constant()) return absl::OkStatus();
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(name_.host.c_str(), nullptr, &hints, &found);
    if (error != 0) {
      return absl::UnavailableError(absl::StrCat("host '", name_.host, "' is not known: ", ::gai_strerror(error)));
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, &::freeaddrinfo);
    Use(*found);
    return absl::OkStatus();
  }

 private:
  void Use(const addrinfo& found) {
    std::vector<std::string> hosts[2];  // IPv6, IPv4.
    bool local = true;
    for (const addrinfo* one = &found; one != nullptr; one = one->ai_next) {
      if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
      local = local && IsLoopback(*one->ai_addr);
      hosts[one->ai_family == AF_INET ? 1 : 0].push_back(HostOf(*one));
    }
    std::vector<std::string>& chosen = hosts[hosts[1].empty() ? 0 : 1];
    if (chosen.empty()) return;
    // The channel looks the name up again and tries all of its addresses.
    if (local) {
      shards_ = {{address_, ""}};
      return;
    }
    std::sort(chosen.begin(), chosen.end());  // Name servers rotate their answers.
    shards_.clear();
    for (const std::string& host : chosen) shards_.push_back({HostPort{host, name_.port}.ToString(), name_.host});
  }

  std::string address_;
  HostPort name_;
  std::vector<ShardAddress> shards_;
};

class SystemResolver final : public AddressResolver {
 public:
  explicit SystemResolver(const std::vector<std::string>& addresses) {
    for (const std::string& address : addresses) entries_.emplace_back(address);
  }

  Resolution Resolve() override {
    Resolution result;
    for (Entry& entry : entries_) {
      if (const absl::Status status = entry.LookUp(); result.status.ok()) result.status = status;
      for (const ShardAddress& shard : entry.shards()) {
        const auto same = [&shard](const ShardAddress& other) { return other.target == shard.target; };
        if (std::any_of(result.shards.begin(), result.shards.end(), same)) continue;
        if (result.shards.size() < kMaxShards) {
          result.shards.push_back(shard);
        } else {
          result.status = absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxShards, " shards of replay"));
        }
      }
    }
    return result;
  }
  bool constant() const override {
    return std::all_of(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.constant(); });
  }

 private:
  std::vector<Entry> entries_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<AddressResolver>> MakeAddressResolver(const std::string& addresses) {
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<std::string> list, ParseAddresses(addresses));
  return std::make_unique<SystemResolver>(list);
}

}  // namespace recbots::replay
