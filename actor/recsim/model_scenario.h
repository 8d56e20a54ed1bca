// A scenario from a Model (model.h): options checked, environments made, and what the model knows beside its users.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "actor/recsim/batch_environment.h"
#include "actor/recsim/check_spec.h"
#include "actor/recsim/scenario.h"
#include "common/base/lazy.h"
#include "common/base/status_macros.h"
#include "common/policies/random_policy.h"

namespace recbots {

// Immutable and thread-safe, as Scenario is. What is exact is computed when first asked for.
template <typename Model>
class ModelScenario final : public Scenario {
 public:
  using Options = typename Model::Options;

  // `seed` keys the random streams of users and of the random policy; `users_per_session` is M.
  //   INVALID_ARGUMENT  an option out of bounds, or an M that the model cannot have; the message begins with the name
  static absl::StatusOr<std::unique_ptr<Scenario>> Create(const Options& options, uint64_t seed,
                                                          int users_per_session = 1) {
    RECBOTS_RETURN_IF_ERROR(Model::Validate(options));
    auto model = std::make_shared<const Model>(options);
    EnvironmentSpec spec = model->spec();
    spec.users_per_session = users_per_session;
    RECBOTS_RETURN_IF_ERROR(CheckSpec(spec));
    const CandidateRefresh refresh = RefreshOf(*model);
    if (DrawsDocumentsForUser<Model> && (refresh == CandidateRefresh::kNever || users_per_session > 1)) {
      return absl::InvalidArgumentError(absl::StrCat(
          refresh == CandidateRefresh::kNever ? "candidate_refresh NEVER, want EVERY_STEP or EVERY_EPISODE"
                                              : absl::StrCat("users_per_session ", users_per_session, ", want 1"),
          " (the candidates of ", spec.name, " depend on the user)"));
    }
    spec.fixed_catalogue = refresh == CandidateRefresh::kNever;
    return std::unique_ptr<Scenario>(absl::WrapUnique(new ModelScenario(std::move(model), std::move(spec), seed)));
  }

  const EnvironmentSpec& spec() const override { return spec_; }
  bool depends_on_seed() const override {
    return HasDocuments<Model> && RefreshOf(*model_) == CandidateRefresh::kNever;
  }
  const Model& model() const { return *model_; }
  uint64_t seed() const { return seed_; }

  std::unique_ptr<Environment> MakeEnvironment(int num_users, uint32_t first_stream) const override {
    return std::make_unique<BatchEnvironment<Model>>(model_, spec_, seed_, num_users, first_stream);
  }

  std::vector<ReferencePolicy> MakeReferencePolicies() const override {
    std::vector<ReferencePolicy> policies;
    policies.push_back({"random", std::make_unique<RandomPolicy>(seed_, spec_.num_candidates, spec_.slate_size),
                        ReferencePolicy::Known::kRandomValue});
    if constexpr (requires { model_->MakeReferencePolicies(spec_, seed_); }) {
      for (ReferencePolicy& policy : model_->MakeReferencePolicies(spec_, seed_)) policies.push_back(std::move(policy));
    }
    return policies;
  }

  const ScenarioMetrics* metrics() const override { return metrics_.get(); }

  absl::Status Prepare(Known what, const StopQuestion& stop) const override {
    RECBOTS_RETURN_IF_ERROR(Optimal(stop).status());
    RECBOTS_RETURN_IF_ERROR(Random(stop).status());
    if constexpr (requires { model_->PrepareReferences(stop); }) {
      if (what == Known::kReferences) return model_->PrepareReferences(stop);
    }
    return absl::OkStatus();
  }
  std::optional<double> OptimalValue() const override {
    // Users of a session share the candidates that are drawn. Where none are drawn, each is as good as alone.
    return spec_.users_per_session == 1 || !HasDocuments<Model> ? **Optimal({}) : std::nullopt;
  }
  std::optional<double> RandomValue() const override { return **Random({}); }
  absl::Span<const float> AllObservations() const override {
    const auto make = [this]() -> absl::StatusOr<std::vector<float>> {
      if constexpr (requires { model_->AllObservations(); }) return model_->AllObservations();
      return std::vector<float>();
    };
    return **observations_.Get(make);
  }
  absl::Span<const float> ExpectedRewards() const override {
    const auto make = [this]() -> absl::StatusOr<std::vector<float>> {
      if constexpr (requires { model_->ExpectedRewards(); }) return model_->ExpectedRewards();
      return std::vector<float>();
    };
    return **rewards_.Get(make);
  }
  absl::StatusOr<double> ExactValue(absl::Span<const int32_t> slates, const StopQuestion& stop) const override {
    if constexpr (requires { model_->ExactValue(slates, stop); }) {
      return model_->ExactValue(slates, stop);
    } else if constexpr (requires { model_->ExactValue(slates); }) {
      return model_->ExactValue(slates);
    } else {
      return Scenario::ExactValue(slates, stop);
    }
  }

 private:
  ModelScenario(std::shared_ptr<const Model> model, EnvironmentSpec spec, uint64_t seed)
      : model_(std::move(model)), spec_(std::move(spec)), seed_(seed) {
    if constexpr (requires { model_->MakeMetrics(); }) metrics_ = model_->MakeMetrics();
  }

  using Value = std::optional<double>;

  absl::StatusOr<const Value*> Optimal(const StopQuestion& stop) const {
    return optimal_.Get([&]() -> absl::StatusOr<Value> {
      if constexpr (requires { model_->OptimalValue(stop); }) return model_->OptimalValue(stop);
      if constexpr (requires { model_->OptimalValue(); }) return model_->OptimalValue();
      return std::nullopt;
    });
  }
  absl::StatusOr<const Value*> Random(const StopQuestion& stop) const {
    return random_.Get([&]() -> absl::StatusOr<Value> {
      if constexpr (requires { model_->RandomValue(stop); }) return model_->RandomValue(stop);
      if constexpr (requires { model_->RandomValue(); }) return model_->RandomValue();
      return std::nullopt;
    });
  }

  const std::shared_ptr<const Model> model_;
  const EnvironmentSpec spec_;
  const uint64_t seed_;
  std::unique_ptr<const ScenarioMetrics> metrics_;

  mutable Lazy<Value> optimal_, random_;
  mutable Lazy<std::vector<float>> observations_, rewards_;
};

}  // namespace recbots
