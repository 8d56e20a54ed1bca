#include "actor/external/messages.h"

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

template <typename T>
absl::StatusOr<absl::Span<const T>> NumbersIn(const char* column, const std::string& bytes) {
  if (bytes.size() % sizeof(T) != 0) {
    return absl::DataLossError(absl::StrCat(column, " has ", bytes.size(), " bytes, want a multiple of ", sizeof(T)));
  }
  return absl::MakeConstSpan(reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T));
}

absl::Span<const float> FloatsAt(const char* memory, const SharedLayout::Part& part) {
  return {reinterpret_cast<const float*>(memory + part.offset), part.count};
}

}  // namespace

v1::ExternalSpec ToProto(const ExternalSpecOptions& options) {
  v1::ExternalSpec spec;
  spec.set_name(options.name);
  spec.set_user_features(options.user_features);
  spec.set_candidate_features(options.candidate_features);
  spec.set_num_candidates(options.num_candidates);
  spec.set_slate_size(options.slate_size);
  for (const std::string& name : options.response) spec.add_response(name);
  spec.set_num_clusters(options.num_clusters);
  spec.set_min_reward(options.min_reward);
  spec.set_max_reward(options.max_reward);
  spec.set_max_episode_steps(options.max_episode_steps);
  return spec;
}

ExternalSpecOptions FromProto(const v1::ExternalSpec& spec) {
  ExternalSpecOptions options;
  options.name = spec.name();
  options.user_features = spec.user_features();
  options.candidate_features = spec.candidate_features();
  options.num_candidates = spec.num_candidates();
  options.slate_size = spec.slate_size();
  options.response.assign(spec.response().begin(), spec.response().end());
  options.num_clusters = spec.num_clusters();
  options.min_reward = spec.min_reward();
  options.max_reward = spec.max_reward();
  options.max_episode_steps = spec.max_episode_steps();
  return options;
}

v1::FromActor HelloOf(const UsersToPlay* users, uint64_t shared_memory_bytes) {
  v1::FromActor message;
  v1::FromActor::Hello& hello = *message.mutable_hello();
  hello.set_protocol(kEnvironmentProtocol);
  hello.set_num_users(1);
  hello.set_shared_memory_bytes(shared_memory_bytes);
  if (users == nullptr) return message;
  *hello.mutable_spec() = ToProto(users->spec);
  hello.set_num_users(users->num_users);
  hello.set_first_stream(users->first_stream);
  hello.set_seed(users->seed);
  return message;
}

absl::Status ErrorOf(const v1::FromEnvironment::Error& error) {
  std::string text = absl::StrCat(error.where(), ": ", error.message());
  if (error.row() >= 0) absl::StrAppend(&text, " (row ", error.row(), ")");
  // What the actor and the program disagree on stays so. Everything else may go well the next time.
  return error.where() == "hello" ? absl::FailedPreconditionError(text) : absl::InternalError(text);
}

absl::StatusOr<v1::FromEnvironment::Ready> ReadyOf(const v1::FromEnvironment& answer, const UsersToPlay* users) {
  if (answer.has_error()) return ErrorOf(answer.error());
  if (!answer.has_ready()) return absl::DataLossError("the answer to Hello is not Ready");
  const v1::FromEnvironment::Ready& ready = answer.ready();
  if (ready.protocol() != kEnvironmentProtocol) {
    return absl::FailedPreconditionError(
        absl::StrCat("it speaks protocol ", ready.protocol(), ", want ", kEnvironmentProtocol));
  }
  if (users != nullptr) {
    const std::string difference = SpecDifference(FromProto(ready.spec()), users->spec);
    if (!difference.empty()) {
      return absl::FailedPreconditionError(absl::StrCat("it is not what environment.external.spec says: ", difference));
    }
  }
  return ready;
}

absl::StatusOr<ProgramColumns> ColumnsOf(const v1::FromEnvironment& answer, uint64_t sequence) {
  if (answer.has_error()) return ErrorOf(answer.error());
  if (!answer.has_stepped())
    return absl::DataLossError(absl::StrCat("the answer to step ", sequence, " is not Stepped"));
  const v1::FromEnvironment::Stepped& stepped = answer.stepped();
  if (stepped.sequence() != sequence) {
    return absl::DataLossError(absl::StrCat("it answered step ", stepped.sequence(), ", want ", sequence));
  }
  ProgramColumns columns;
  absl::Status status;
  const auto take = [&status](const char* name, const std::string& bytes, auto& column) {
    using Column = std::decay_t<decltype(column)>;
    auto numbers = NumbersIn<typename Column::value_type>(name, bytes);
    numbers.ok() ? column = *numbers : Column();
    status.Update(numbers.status());
  };
  take("response", stepped.response(), columns.response);
  take("reward", stepped.reward(), columns.reward);
  take("terminated", stepped.terminated(), columns.terminated);
  take("truncated", stepped.truncated(), columns.truncated);
  take("observation", stepped.observation(), columns.observation);
  take("candidates", stepped.candidates(), columns.candidates);
  take("next_observation", stepped.next_observation(), columns.next_observation);
  take("next_candidates", stepped.next_candidates(), columns.next_candidates);
  if (!status.ok()) return status;
  return columns;
}

SharedLayout::SharedLayout(const ExternalSpecOptions& spec, int num_users) {
  const auto users = static_cast<size_t>(num_users);
  const auto slate = users * static_cast<size_t>(spec.slate_size);
  const auto features = users * static_cast<size_t>(spec.user_features);
  const auto numbers = users * static_cast<size_t>(spec.num_candidates) * static_cast<size_t>(spec.candidate_features);
  size_t end = 0;
  const auto place = [&end](Part& part, size_t count, size_t bytes_each) {
    part = {end, count};
    end = (end + count * bytes_each + 63) / 64 * 64;
  };
  place(slates, slate, sizeof(int32_t));
  place(response, slate * spec.response.size(), sizeof(float));
  place(reward, users, sizeof(float));
  place(terminated, users, 1);
  place(truncated, users, 1);
  place(observation, features, sizeof(float));
  place(candidates, numbers, sizeof(float));
  place(next_observation, features, sizeof(float));
  place(next_candidates, numbers, sizeof(float));
  num_bytes = (end + 4095) / 4096 * 4096;
}

ProgramColumns SharedLayout::ColumnsIn(const char* memory) const {
  const auto flags = [memory](const Part& part) {
    return absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(memory + part.offset), part.count);
  };
  return {FloatsAt(memory, response),
          FloatsAt(memory, reward),
          flags(terminated),
          flags(truncated),
          FloatsAt(memory, observation),
          FloatsAt(memory, candidates),
          FloatsAt(memory, next_observation),
          FloatsAt(memory, next_candidates)};
}

}  // namespace recbots
