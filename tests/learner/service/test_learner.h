// A learner's serving side on loopback: store, service and server, and payloads to publish.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "common/base/instant.h"
#include "common/base/random.h"
#include "common/rpc/rpc_server.h"
#include "common/wire/experiment_identity.h"
#include "learner/service/weights_service.h"
#include "learner/weights/weight_store.h"

namespace recbots::testing {

// Deadline of everything that must happen.
inline Instant Soon() { return Instant::Now() + absl::Seconds(30); }

inline std::string RandomPayload(size_t bytes, uint32_t stream = 0) {
  Rng rng(/*seed=*/7, Purpose::kTest, {.stream = stream});
  std::string payload(bytes, '\0');
  const size_t random = std::min<size_t>(bytes, 4096);  // The head differs, the rest need not.
  for (size_t i = 0; i < random; ++i) payload[i] = static_cast<char>(rng.Bits());
  return payload;
}

// A configuration of one setting.
inline v1::ExperimentIdentity ConfigurationWith(const std::string& k) {
  return MakeIdentity({{"algorithm.wolpertinger.k", k}, {"seed", "1"}});
}

class TestLearner {
 public:
  static v1::ExperimentIdentity Configuration() { return ConfigurationWith("5"); }

  explicit TestLearner(const std::string& address = "127.0.0.1:0", const WeightsServiceOptions& options = {})
      : service(WithConfiguration(options), store) {
    auto started = RpcServer::Start({.address = address, .security = options.security}, {&service});
    EXPECT_TRUE(started.ok()) << started.status();
    server = *std::move(started);
  }
  ~TestLearner() {
    service.Drain();
    server->Stop(absl::Milliseconds(100));
  }

  WeightStore store;
  WeightsService service;
  std::unique_ptr<RpcServer> server;

 private:
  static WeightsServiceOptions WithConfiguration(WeightsServiceOptions options) {
    options.configuration = Configuration();
    return options;
  }
};

}  // namespace recbots::testing
