// What every selector owes its table, against scans of a vector.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "recbots/v1/config.pb.h"
#include "replay/table/selectors/selector.h"
#include "tests/support/count_allocations.h"

namespace recbots::replay {
namespace {

constexpr uint32_t kSlots = 60;
constexpr double kAlpha = 1;

struct Member {
  bool in = false;
  float priority = 0;
  uint64_t age = 0;
};

std::vector<SelectorKind> AllKinds() {
  std::vector<SelectorKind> kinds;
  for (const SelectorTraits& traits : AllSelectors()) kinds.push_back(traits.kind);
  return kinds;
}

TEST(SelectorKindsTest, AreThoseThatAConfigurationMayName) {
  const auto& kinds = *v1::TableConfig::Sampler_descriptor();
  ASSERT_EQ(static_cast<int>(AllSelectors().size()), kinds.value_count() - 1);
  for (int i = 1; i < kinds.value_count(); ++i) {
    EXPECT_EQ(NameOf(static_cast<SelectorKind>(kinds.value(i)->number())),
              absl::AsciiStrToLower(kinds.value(i)->name()));
    EXPECT_EQ(static_cast<int>(AllSelectors()[static_cast<size_t>(i - 1)].kind), i);
  }
}

TEST(SelectorKindsTest, RefuseANumberThatIsNone) {
  const auto none = static_cast<SelectorKind>(AllSelectors().size() + 1);
  EXPECT_EQ(NameOf(none), "unknown");
  const absl::Status refused = MakeSelector(none, kSlots, kAlpha, {}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused.message(),
            absl::StrCat("selector ", AllSelectors().size() + 1, ", want 1..", AllSelectors().size()));
}

class SelectorConformanceTest : public ::testing::TestWithParam<SelectorKind> {
 protected:
  SelectorConformanceTest() : selector_(Make()), members_(kSlots), priorities_(kSlots, 0), ages_(kSlots, 0) {
    keys_ = {priorities_.data(), ages_.data()};
    selector_ = Make();
  }

  std::unique_ptr<Selector> Make() const { return MakeSelector(GetParam(), kSlots, kAlpha, keys_).value(); }

  bool random() const { return TraitsOf(GetParam())->at_random; }

  float RandomPriority() { return static_cast<float>(rng_.Index(6)) / 4; }

  // Up to `count` different slots that are in it, or are not.
  std::vector<uint32_t> Pick(uint32_t count, bool in) {
    std::vector<uint32_t> picked;
    for (uint32_t tries = 0; tries < 3 * count; ++tries) {
      const uint32_t slot = rng_.Index(kSlots);
      if (members_[slot].in == in && std::count(picked.begin(), picked.end(), slot) == 0) picked.push_back(slot);
    }
    return picked;
  }
  void Set(uint32_t slot, bool in, float priority, uint64_t age) {
    members_[slot] = {in, priority, age};
    priorities_[slot] = priority;
    ages_[slot] = age;
  }

  void Step() {
    const uint32_t kind = rng_.Index(6);
    std::vector<uint32_t> slots = Pick(1 + rng_.Index(5), kind != 0 && kind != 5);
    if (kind == 0) {  // New rows.
      for (const uint32_t slot : slots) Set(slot, true, RandomPriority(), next_age_++);
      selector_->Insert(slots);
    } else if (kind == 5) {  // Rows that were away, as old as they were.
      for (const uint32_t slot : slots) {
        Set(slot, true, RandomPriority(), members_[slot].age == 0 ? next_age_++ : members_[slot].age);
      }
      std::sort(slots.begin(), slots.end(), [this](uint32_t a, uint32_t b) { return ages_[a] < ages_[b]; });
      selector_->Insert(slots);
    } else if (kind == 1) {
      for (const uint32_t slot : slots) members_[slot].in = false;
      selector_->Remove(slots);
    } else if (kind == 2) {
      if (!slots.empty()) slots.push_back(slots[0]);
      for (const uint32_t slot : slots) Set(slot, true, RandomPriority(), next_age_++);
      selector_->Replace(slots);
    } else {
      if (!slots.empty()) slots.push_back(slots[0]);
      for (const uint32_t slot : slots) Set(slot, true, RandomPriority(), members_[slot].age);
      selector_->Update(slots);
    }
  }

  uint64_t WeightOf(const Member& member) const {
    if (!member.in) return 0;
    return TraitsOf(GetParam())->by_weight ? static_cast<uint64_t>(std::lround(member.priority * 65536)) : 1;
  }
  uint32_t BestSlot() const {
    uint32_t best = kSlots;
    for (uint32_t slot = 0; slot < kSlots; ++slot) {
      if (!members_[slot].in) continue;
      if (best == kSlots || Before(members_[slot], members_[best])) best = slot;
    }
    return best;
  }
  bool Before(const Member& a, const Member& b) const {
    switch (GetParam()) {
      case SelectorKind::kNewest:
        return a.age > b.age;
      case SelectorKind::kHighestPriority:
        return a.priority != b.priority ? a.priority > b.priority : a.age < b.age;
      case SelectorKind::kLowestPriority:
        return a.priority != b.priority ? a.priority < b.priority : a.age < b.age;
      default:
        return a.age < b.age;
    }
  }

  void Check() {
    int64_t size = 0;
    uint64_t total = 0;
    for (const Member& member : members_) {
      size += member.in;
      total += WeightOf(member);
    }
    ASSERT_EQ(selector_->size(), size);
    ASSERT_EQ(selector_->total_weight(), total);
    if (total == 0) return;
    uint32_t slots[11];
    float probabilities[11];
    Rng rng(1, Purpose::kTest, {.step = step_++});
    selector_->Draw(rng, absl::MakeSpan(slots), absl::MakeSpan(probabilities));
    for (int i = 0; i < 11; ++i) {
      if (random()) {
        const double share = static_cast<double>(WeightOf(members_[slots[i]])) / static_cast<double>(total);
        ASSERT_GT(share, 0) << slots[i];
        ASSERT_FLOAT_EQ(probabilities[i], static_cast<float>(share));
      } else {
        ASSERT_EQ(slots[i], BestSlot());
        ASSERT_EQ(probabilities[i], 1.0f);
      }
    }
    ASSERT_TRUE(random() || selector_->Front() == slots[0]);
  }

  // A copy made by way of Save and Load.
  absl::StatusOr<std::unique_ptr<Selector>> Copy() const {
    std::vector<char> saved(selector_->SavedBytes());
    EXPECT_LE(saved.size(), 4 * static_cast<size_t>(selector_->size()));
    selector_->Save(saved.data());
    return Loaded(absl::string_view(saved.data(), saved.size()));
  }
  absl::StatusOr<std::unique_ptr<Selector>> Loaded(absl::string_view saved) const {
    std::vector<uint32_t> by_age;
    for (uint32_t slot = 0; slot < kSlots; ++slot) {
      if (members_[slot].in) by_age.push_back(slot);
    }
    std::sort(by_age.begin(), by_age.end(), [this](uint32_t a, uint32_t b) { return ages_[a] < ages_[b]; });
    auto copy = Make();
    if (absl::Status status = copy->Load(saved, by_age); !status.ok()) return status;
    return copy;
  }

  std::unique_ptr<Selector> selector_;
  std::vector<Member> members_;
  std::vector<float> priorities_;
  std::vector<uint64_t> ages_;
  SlotKeys keys_;
  uint64_t next_age_ = 1;
  uint32_t step_ = 0;
  Rng rng_{/*seed=*/51, Purpose::kTest, {}};
};

TEST_P(SelectorConformanceTest, AgreesWithAScanOverRandomOperations) {
  for (int i = 0; i < 5000; ++i) {
    Step();
    Check();
    if (HasFatalFailure()) FAIL() << "step " << i;
  }
}

TEST_P(SelectorConformanceTest, GoesOnAfterSaveAndLoadAsIfNothingHadBeen) {
  for (int i = 0; i < 200; ++i) {
    for (int k = 0; k < 20; ++k) Step();
    auto copy = Copy();
    ASSERT_TRUE(copy.ok()) << copy.status();
    if (selector_->total_weight() > 0) {
      std::vector<uint32_t> slots(50), again(50);
      std::vector<float> probabilities(50);
      Rng rng(2, Purpose::kTest, {.step = static_cast<uint32_t>(i)}), same = rng;
      selector_->Draw(rng, absl::MakeSpan(slots), absl::MakeSpan(probabilities));
      (*copy)->Draw(same, absl::MakeSpan(again), absl::MakeSpan(probabilities));
      ASSERT_EQ(slots, again);
    }
    selector_ = *std::move(copy);
    Check();
  }
}

TEST_P(SelectorConformanceTest, RefusesWhatItDidNotSave) {
  for (int i = 0; i < 40; ++i) Step();
  std::vector<char> saved(selector_->SavedBytes());
  selector_->Save(saved.data());
  const auto refused = [this](const std::vector<char>& bytes) {
    return Loaded(absl::string_view(bytes.data(), bytes.size())).status().code() == absl::StatusCode::kInvalidArgument;
  };
  std::vector<char> longer = saved;
  longer.resize(saved.size() + 4);
  EXPECT_TRUE(refused(longer));
  longer.resize(saved.size() + 1);
  EXPECT_TRUE(refused(longer));
  if (saved.empty()) return;
  std::vector<char> changed = saved;
  changed[3] = 0x7F;  // No such slot.
  EXPECT_TRUE(refused(changed));
  std::copy(saved.begin(), saved.begin() + 4, changed.begin() + 4);
  std::copy(saved.begin(), saved.begin() + 4, changed.begin());
  EXPECT_TRUE(refused(changed)) << "a slot twice";
}

TEST_P(SelectorConformanceTest, AllocatesNothingOnceItIsMade) {
  const uint32_t slots[] = {3, 1, 4, 15, 9, 2, 6, 5};
  for (const uint32_t slot : slots) Set(slot, true, RandomPriority() + 1, next_age_++);
  uint32_t drawn[9];
  float probabilities[9];
  Rng rng(3, Purpose::kTest, {});
  const int before = testing::g_allocations;
  selector_->Insert(slots);
  selector_->Update(slots);
  selector_->Replace(slots);
  selector_->Draw(rng, absl::MakeSpan(drawn), absl::MakeSpan(probabilities));
  selector_->Remove(slots);
  EXPECT_EQ(testing::g_allocations, before);
}

INSTANTIATE_TEST_SUITE_P(Kinds, SelectorConformanceTest, ::testing::ValuesIn(AllKinds()),
                         [](const auto& test) { return std::string(NameOf(test.param)); });

}  // namespace
}  // namespace recbots::replay
