#include "replay/client/shard_infos.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "common/base/instant.h"
#include "common/rpc/deadline.h"
#include "recbots/v1/replay.grpc.pb.h"

namespace recbots::replay {

// One question. Its address is kept while it is under way.
struct ShardInfos::Asking {
  std::string address;
  std::unique_ptr<v1::ReplayService::Stub> stub;
  grpc::ClientContext context;
  v1::InfoRequest request;
  v1::InfoResponse response;
  bool over = false, answered = false;
};

// Questions asked at the same time. The last answer may still be letting go of the lock when everything is over.
struct ShardInfos::Round {
  Mutex mu;
  std::vector<std::unique_ptr<Asking>> all;
};

ShardInfos::ShardInfos(ShardInfosOptions options)
    : options_(std::move(options)), thread_("shard-infos", [this] { Run(); }) {}

ShardInfos::~ShardInfos() {
  MutexLock lock(&mu_);
  stopping_ = true;
}  // The thread, the last member, is joined first.

std::vector<ShardInfo> ShardInfos::newest() const {
  MutexLock lock(&mu_);
  return newest_;
}

void ShardInfos::Run() {
  const auto stopping = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_; };
  while (true) {
    std::vector<ShardInfo> infos = AskAll();
    MutexLock lock(&mu_);
    newest_ = std::move(infos);
    if (mu_.AwaitFor(stopping, options_.period)) return;
  }
}

std::vector<ShardInfo> ShardInfos::AskAll() {
  const auto round = std::make_shared<Round>();
  for (const ShardChannel& shard : options_.shards()) {
    Asking& asking = *round->all.emplace_back(std::make_unique<Asking>());
    asking.address = shard.address;
    asking.stub = v1::ReplayService::NewStub(shard.channel);
    Security::Prepare(options_.security.get(), asking.context);
    asking.context.set_deadline(ToGrpcDeadline(Instant::Now() + options_.patience));
    asking.stub->async()->Info(&asking.context, &asking.request, &asking.response,
                               [round, &asking](grpc::Status status) {
                                 MutexLock lock(&round->mu);
                                 asking.answered = status.ok();
                                 asking.over = true;
                               });
  }
  const auto stops = [this] {
    MutexLock lock(&mu_);
    return stopping_;
  };
  std::vector<ShardInfo> infos;
  for (const auto& asking : round->all) {
    MutexLock lock(&round->mu);
    const auto over = [&asking] { return asking->over; };
    // Every call has a deadline of its own, so that each of these waits ends.
    while (!round->mu.AwaitFor(over, absl::Milliseconds(100))) {
      if (stops()) asking->context.TryCancel();
    }
    if (asking->answered) infos.push_back({asking->address, std::move(asking->response)});
  }
  return infos;
}

}  // namespace recbots::replay
