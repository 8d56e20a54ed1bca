// One shard of replay on loopback that can be killed and started again, on the same port, with the same store, an empty
// one, or the one that its newest checkpoint holds.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/rpc/rpc_server.h"
#include "replay/checkpoint/checkpointer.h"
#include "replay/service/replay_service.h"
#include "tests/replay/support/test_rows.h"

namespace recbots::replay {

// Generous: a test that waits for this long has failed.
inline Instant Patience() { return Instant::Now() + absl::Seconds(30); }

// Looks until `condition` holds; false: not within patience. For state that offers nothing to wait for.
template <typename Condition>
bool Eventually(const Condition& condition) {
  const Instant deadline = Patience();
  while (!condition()) {
    if (Instant::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

struct ShardServerOptions {
  RowSchema schema = TestSchema();
  TableOptions table = {};
  ReplayServiceOptions service = {};
  std::string checkpoint_directory = {};  // Empty: none are kept.
};

class ShardServer {
 public:
  explicit ShardServer(ShardServerOptions options = {}) : options_(std::move(options)) {
    NewStore();
    Start();
  }
  ~ShardServer() { Kill(); }

  // Cuts every stream at once; the store stays.
  void Kill() {
    if (server_ == nullptr) return;
    server_->Stop(absl::ZeroDuration());
    server_.reset();
    service_.reset();
  }
  void Start() {
    ReplayServiceOptions options = options_.service;
    options.checkpointer = checkpointer_.get();
    service_ = std::make_unique<ReplayService>(store_.get(), options);
    // The port may be held for a moment by a connection that is being torn down.
    RECBOTS_CHECK(Eventually([this] {
      auto server = RpcServer::Start({.address = absl::StrCat("127.0.0.1:", port_)}, service_->service());
      if (server.ok()) server_ = *std::move(server);
      return server.ok();
    }));
    port_ = server_->port();
  }
  // Forgets everything, but for what a checkpoint holds; call between Kill and Start.
  void NewStore() {
    checkpointer_.reset();
    std::vector<std::unique_ptr<Table>> tables;
    auto table = Table::Create(options_.schema, options_.table);
    RECBOTS_CHECK_OK(table.status());
    tables.push_back(*std::move(table));
    store_ = *Store::Create(std::move(tables));
    if (options_.checkpoint_directory.empty()) return;
    CheckpointerOptions options;
    options.directory = options_.checkpoint_directory;
    options.interval = absl::ZeroDuration();
    options.write_bytes_per_second = 0;
    auto checkpointer = Checkpointer::Open(options, store_.get());
    RECBOTS_CHECK_OK(checkpointer.status());
    checkpointer_ = *std::move(checkpointer);
  }
  // As if it had moved to the other's machine, and the other here; call between Kill and Start of both.
  void SwapPorts(ShardServer& other) { std::swap(port_, other.port_); }

  Table& table() { return *store_->tables().front(); }
  Store& store() { return *store_; }
  ReplayService& service() { return *service_; }
  Checkpointer& checkpointer() { return *checkpointer_; }
  int port() const { return port_; }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  const ShardServerOptions options_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<ReplayService> service_;
  std::unique_ptr<RpcServer> server_;
  int port_ = 0;
};

}  // namespace recbots::replay
