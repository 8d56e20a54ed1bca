// A replay server on loopback that can be killed and started again, on the same port, with the same tables, new ones,
// or those of its newest checkpoint.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/rpc/rpc_server.h"
#include "replay/checkpoint/checkpointer.h"
#include "replay/service/replay_service.h"
#include "replay/table/store.h"
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

class ReplayServer {
 public:
  // `more`: tables beside the first. `checkpoints`: with a directory, the store lives on there; it is restored whenever
  // the server starts. `transitions`: the tables do not know their schema yet, and this decides whether a schema is
  // taken (nullptr: any).
  explicit ReplayServer(const TableOptions& table = {}, const ReplayServiceOptions& options = {},
                        const std::vector<TableOptions>& more = {}, const CheckpointerOptions& checkpoints = {},
                        const std::optional<Store::SchemaCheck>& transitions = std::nullopt)
      : tables_{table}, options_(options), checkpoints_(checkpoints), transitions_(transitions) {
    tables_.insert(tables_.end(), more.begin(), more.end());
    NewTable();
    Start();
  }
  ~ReplayServer() { Kill(); }

  // Cuts every stream at once; the tables stay. No last checkpoint.
  void Kill() {
    if (server_ == nullptr) return;
    server_->Stop(absl::ZeroDuration());
    server_.reset();
    service_.reset();
    checkpointer_.reset();
  }
  void Start() {
    ReplayServiceOptions options = options_;
    if (!checkpoints_.directory.empty()) {
      NewTable();
      auto checkpointer = Checkpointer::Open(checkpoints_, store_.get());
      RECBOTS_CHECK_OK(checkpointer.status());
      checkpointer_ = *std::move(checkpointer);
      options.checkpointer = checkpointer_.get();
    }
    service_ = std::make_unique<ReplayService>(store_.get(), options);
    // The port may be held for a moment by a connection that is being torn down.
    RECBOTS_CHECK(Eventually([&] {
      // Several threads, so that reactions overlap.
      auto server =
          RpcServer::Start({.address = absl::StrCat("127.0.0.1:", port_), .security = options.security, .threads = 3},
                           service_->service());
      if (server.ok()) server_ = *std::move(server);
      return server.ok();
    }));
    port_ = server_->port();
  }
  // Forgets everything; call between Kill and Start.
  void NewTable() {
    std::vector<std::unique_ptr<TablePlace>> places;
    for (const TableOptions& options : tables_) {
      if (transitions_.has_value()) {
        places.push_back(std::make_unique<TablePlace>(options));
        continue;
      }
      auto table = Table::Create(TestSchema(), options);
      RECBOTS_CHECK_OK(table.status());
      places.push_back(std::make_unique<TablePlace>(*std::move(table)));
    }
    auto store = Store::CreateWithPlaces(std::move(places), transitions_.value_or(nullptr));
    RECBOTS_CHECK_OK(store.status());
    store_ = *std::move(store);
  }

  Table& table(const std::string& name = "") { return *store_->Find(name); }
  Store& store() { return *store_; }
  ReplayService& service() { return *service_; }
  Checkpointer& checkpointer() { return *checkpointer_; }
  RpcServer& server() { return *server_; }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  std::vector<TableOptions> tables_;
  const ReplayServiceOptions options_;
  const CheckpointerOptions checkpoints_;
  const std::optional<Store::SchemaCheck> transitions_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<ReplayService> service_;
  std::unique_ptr<RpcServer> server_;
  int port_ = 0;
};

}  // namespace recbots::replay
