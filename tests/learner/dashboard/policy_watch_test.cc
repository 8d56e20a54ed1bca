#include "learner/dashboard/policy_watch.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "common/base/mutex.h"

namespace recbots {
namespace {

class PolicyWatchTest : public ::testing::Test {
 protected:
  PolicyWatchHooks Hooks() {
    PolicyWatchHooks hooks;
    hooks.newest = [this]() -> absl::StatusOr<PublishedWeights> {
      MutexLock lock(&mu_);
      ++asked_;
      if (!newest_.ok()) return newest_;
      return PublishedWeights{{}, "weights"};
    };
    hooks.look = [this](absl::string_view payload) -> absl::StatusOr<PolicyView> {
      EXPECT_EQ(payload, "weights");
      MutexLock lock(&mu_);
      PolicyView view;
      if (knows_) view.topics.emplace();
      return view;
    };
    hooks.look_at_references = [this] {
      MutexLock lock(&mu_);
      ++references_;
      knows_ = true;
      return absl::OkStatus();
    };
    hooks.on_view = [this](const PublishedWeights&, const PolicyView& view) {
      MutexLock lock(&mu_);
      ++views_;
      newest_view_knows_ = view.topics.has_value();
    };
    return hooks;
  }
  template <typename Condition>
  bool Await(const Condition& condition) {
    MutexLock lock(&mu_);
    return mu_.AwaitFor(condition, absl::Seconds(60));
  }

  Mutex mu_;
  absl::Status newest_;
  int asked_ = 0, views_ = 0, references_ = 0;
  bool knows_ = false, newest_view_knows_ = false;
};

TEST_F(PolicyWatchTest, LooksWhenItIsWokenAndShowsTheReferencesAtOnce) {
  PolicyWatch watch(Hooks(), {.pause = absl::Milliseconds(1), .rest = 0});
  watch.Wake();
  ASSERT_TRUE(Await([this] { return views_ == 2; })) << "one without the references, then one with them";
  ASSERT_TRUE(Await([this] { return newest_view_knows_; }));
  watch.Wake();
  ASSERT_TRUE(Await([this] { return views_ == 3; }));
  MutexLock lock(&mu_);
  EXPECT_EQ(references_, 1) << "they do not change";
}

TEST_F(PolicyWatchTest, ManyEvaluationsWithinARestAreOneView) {
  PolicyWatch watch(Hooks(), {.pause = absl::Hours(1)});
  watch.Wake();
  ASSERT_TRUE(Await([this] { return views_ == 2; }));
  for (int i = 0; i < 100; ++i) watch.Wake();
  MutexLock lock(&mu_);
  EXPECT_EQ(views_, 2) << "it rests; and its end does not wait for that";
}

TEST_F(PolicyWatchTest, AnErrorIsTriedAgainWithTheNextEvaluation) {
  newest_ = absl::NotFoundError("none yet");
  PolicyWatch watch(Hooks(), {.pause = absl::Milliseconds(1), .rest = 0});
  watch.Wake();
  ASSERT_TRUE(Await([this] { return asked_ >= 2; }));
  {
    MutexLock lock(&mu_);
    EXPECT_EQ(views_, 0);
    newest_ = absl::OkStatus();
  }
  watch.Wake();
  EXPECT_TRUE(Await([this] { return views_ >= 1; }));
}

TEST_F(PolicyWatchTest, EndsWithoutEverHavingBeenWoken) {
  auto watch = std::make_unique<PolicyWatch>(Hooks());
  EXPECT_FALSE(watch->stopping());
  watch.reset();
  EXPECT_EQ(asked_, 0);
}

}  // namespace
}  // namespace recbots
