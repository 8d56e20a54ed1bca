// A replay server that does what a test says, stream by stream.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "common/base/log.h"
#include "common/rpc/rpc_server.h"
#include "recbots/v1/replay.grpc.pb.h"

namespace recbots::replay {

class ScriptedServer final : private v1::ReplayService::Service {
 public:
  using InsertStream = grpc::ServerReaderWriter<v1::InsertAck, v1::InsertRequest>;
  using SampleStream = grpc::ServerReaderWriter<v1::SampleBatch, v1::SampleCredit>;
  struct Script {
    std::function<grpc::Status(InsertStream& stream)> insert = {};
    std::function<grpc::Status(SampleStream& stream)> sample = {};
  };

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    auto server = RpcServer::Start({}, {this});
    RECBOTS_CHECK_OK(server.status());
    server_ = *std::move(server);
  }
  ~ScriptedServer() override { server_->Stop(absl::ZeroDuration()); }

  std::string address() const { return server_->address(); }

 private:
  grpc::Status Insert(grpc::ServerContext*, InsertStream* stream) override { return script_.insert(*stream); }
  grpc::Status Sample(grpc::ServerContext*, SampleStream* stream) override { return script_.sample(*stream); }

  const Script script_;
  std::unique_ptr<RpcServer> server_;
};

}  // namespace recbots::replay
