#include "learner/group/gloo_collective.h"

#include <chrono>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/networks/torch_status.h"

namespace recbots {
namespace {

void ThrowUnlessOk(const absl::Status& status) { TORCH_CHECK(status.ok(), std::string(status.message())); }

// What c10d asks of its store, of which Gloo uses set, get and wait.
class StoreOfGroup final : public c10d::Store {
 public:
  StoreOfGroup(GroupStore& store, std::chrono::milliseconds deadline) : c10d::Store(deadline), store_(store) {}

  // LibTorch 2.x asks for it.
  c10::intrusive_ptr<c10d::Store> clone() { return c10::make_intrusive<StoreOfGroup>(store_, timeout_); }

  void set(const std::string& key, const std::vector<uint8_t>& value) override {
    ThrowUnlessOk(store_.Set(key, std::string(value.begin(), value.end())));
  }
  std::vector<uint8_t> get(const std::string& key) override {
    const std::string value = Await(key, timeout_);
    return {value.begin(), value.end()};
  }
  void wait(const std::vector<std::string>& keys) override { wait(keys, timeout_); }
  void wait(const std::vector<std::string>& keys, const std::chrono::milliseconds& timeout) override {
    for (const std::string& key : keys) Await(key, timeout);
  }
  bool check(const std::vector<std::string>& keys) override {
    for (const std::string& key : keys) {
      if (!store_.Get(key, Instant::Now()).ok()) return false;
    }
    return true;
  }
  int64_t add(const std::string&, int64_t) override { TORCH_CHECK(false, "the store of a group does not count"); }
  bool deleteKey(const std::string&) override { return false; }
  int64_t getNumKeys() override { TORCH_CHECK(false, "the store of a group does not count"); }

 private:
  std::string Await(const std::string& key, std::chrono::milliseconds timeout) {
    absl::StatusOr<std::string> value = store_.Get(key, Instant::Now() + absl::FromChrono(timeout));
    ThrowUnlessOk(value.status());
    return *std::move(value);
  }

  GroupStore& store_;
};

class GlooCollective final : public Collective {
 public:
  explicit GlooCollective(c10::intrusive_ptr<c10d::ProcessGroupGloo> group) : group_(std::move(group)) {}

  absl::Status AllReduce(at::Tensor& values) override {
    return RunTorch([&] {
      std::vector<at::Tensor> tensors = {values};
      group_->allreduce(tensors)->wait();
    });
  }
  absl::Status Broadcast(at::Tensor& values) override {
    return RunTorch([&] {
      std::vector<at::Tensor> tensors = {values};
      group_->broadcast(tensors)->wait();
    });
  }

 private:
  const c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Collective>> ConnectGloo(const GlooOptions& options, GroupStore& store) {
  const std::chrono::milliseconds deadline = absl::ToChronoMilliseconds(options.deadline);
  const auto gloo = c10d::ProcessGroupGloo::Options::create(deadline);
  gloo->threads = 1;  // One operation at a time.
  const absl::Status host =
      RunTorch([&] { gloo->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(options.host)); });
  if (!host.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot listen for other learners at '", options.host, "': ", host.message()));
  }
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;
  RECBOTS_RETURN_IF_ERROR(RunTorch([&] {
    group = c10::make_intrusive<c10d::ProcessGroupGloo>(c10::make_intrusive<StoreOfGroup>(store, deadline),
                                                        options.rank, options.size, gloo);
  }));
  return std::make_unique<GlooCollective>(std::move(group));
}

}  // namespace recbots
