#include "common/base/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/mutex.h"

namespace recbots {
namespace {

constexpr rlim_t kMostDescriptors = 65536;

rlim_t Limit() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : kMostDescriptors;
}

// One for the process, because the libraries that report belong to the process, too.
struct Watched {
  Mutex mu;
  std::function<void(const absl::Status&)> handler ABSL_GUARDED_BY(mu);
  bool told ABSL_GUARDED_BY(mu) = false;
};
Watched& TheWatched() {
  static Watched* const watched = new Watched;
  return *watched;
}

}  // namespace

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t most = std::min(limit.rlim_max, kMostDescriptors);
  if (limit.rlim_cur >= most) return;
  limit.rlim_cur = most;
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::Status CheckDescriptorLimit(int want) {
  const rlim_t limit = Limit();
  if (limit >= static_cast<rlim_t>(want)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("too few file descriptors: ", limit, " may be open (ulimit -n), want at least ", want));
}

DescriptorWatch::DescriptorWatch(std::function<void(const absl::Status&)> handler) {
  Watched& watched = TheWatched();
  MutexLock lock(&watched.mu);
  RECBOTS_CHECK(watched.handler == nullptr) << "two watches of descriptors";
  watched.handler = std::move(handler);
  watched.told = false;
}

DescriptorWatch::~DescriptorWatch() {
  Watched& watched = TheWatched();
  MutexLock lock(&watched.mu);
  watched.handler = nullptr;
}

void DescriptorWatch::Report(const char* what) {
  Watched& watched = TheWatched();
  MutexLock lock(&watched.mu);
  if (watched.handler == nullptr || watched.told) return;
  watched.told = true;
  watched.handler(absl::ResourceExhaustedError(
      absl::StrCat("too few file descriptors: ", Limit(), " may be open (ulimit -n): ", what)));
}

}  // namespace recbots
