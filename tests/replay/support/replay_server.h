// A replay server on loopback that can be killed and started again, on the same port, with the same table or a new one.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/rpc/rpc_server.h"
#include "replay/service/replay_service.h"
#include "tests/replay/support/test_rows.h"

namespace recbots::replay {

// Generous: a test that waits so long has failed.
inline absl::Time Patience() { return absl::Now() + absl::Seconds(30); }

// Looks until `condition` holds; false: not within patience. For state that offers nothing to wait for.
template <typename Condition>
bool Eventually(const Condition& condition) {
  const absl::Time deadline = Patience();
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

class ReplayServer {
 public:
  explicit ReplayServer(const TableOptions& table_options = {}, const ReplayServiceOptions& options = {})
      : table_options_(table_options), options_(options) {
    NewTable();
    Start();
  }
  ~ReplayServer() { Kill(); }

  // Cuts every stream at once; the table stays.
  void Kill() {
    if (server_ == nullptr) return;
    server_->Stop(absl::ZeroDuration());
    server_.reset();
    service_.reset();
  }
  void Start() {
    service_ = std::make_unique<ReplayService>(table_.get(), options_);
    // The port may be held for a moment by a connection that is being torn down.
    RECBOTS_CHECK(Eventually([this] {
      auto server = RpcServer::Start({.address = absl::StrCat("127.0.0.1:", port_)}, {service_->service()});
      if (server.ok()) server_ = *std::move(server);
      return server.ok();
    }));
    port_ = server_->port();
  }
  // Forgets everything; call between Kill and Start.
  void NewTable() {
    auto table = Table::Create(TestSchema(), table_options_);
    RECBOTS_CHECK_OK(table.status());
    table_ = *std::move(table);
  }

  Table& table() { return *table_; }
  ReplayService& service() { return *service_; }
  RpcServer& server() { return *server_; }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  const TableOptions table_options_;
  const ReplayServiceOptions options_;
  std::unique_ptr<Table> table_;
  std::unique_ptr<ReplayService> service_;
  std::unique_ptr<RpcServer> server_;
  int port_ = 0;
};

}  // namespace recbots::replay
