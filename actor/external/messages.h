// The messages of recbots.v1.EnvironmentService, and where columns lie in memory that both sides share.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "actor/scenarios/external/program.h"
#include "recbots/v1/environment.pb.h"

namespace recbots {

inline constexpr int kEnvironmentProtocol = 1;

v1::ExternalSpec ToProto(const ExternalSpecOptions& options);

// `shared_memory_bytes` as in Hello. `users` == nullptr: the spec is not known, and one user is asked for.
v1::FromActor HelloOf(const UsersToPlay* users, uint64_t shared_memory_bytes);

// The answer to a Hello.
//   FAILED_PRECONDITION  another protocol, or another spec: the message names the fields
//   INTERNAL             the program reports an error
//   DATA_LOSS            it is no answer to a Hello
absl::StatusOr<v1::FromEnvironment::Ready> ReadyOf(const v1::FromEnvironment& answer, const UsersToPlay* users);
ExternalSpecOptions FromProto(const v1::ExternalSpec& spec);

// The error that a program reports: "step: ValueError: ...".
absl::Status ErrorOf(const v1::FromEnvironment::Error& error);

// The columns of an answer that brings them along; valid as long as `answer` is.
//   INTERNAL   the program reports an error
//   DATA_LOSS  no answer to step `sequence`, or a column is not made of whole numbers
absl::StatusOr<ProgramColumns> ColumnsOf(const v1::FromEnvironment& answer, uint64_t sequence);

// The columns in shared memory: in the order of the members, each at the next multiple of 64 bytes.
struct SharedLayout {
  SharedLayout(const ExternalSpecOptions& spec, int num_users);

  struct Part {
    size_t offset = 0;  // In bytes.
    size_t count = 0;   // Numbers.
  };
  Part slates, response, reward, terminated, truncated, observation, candidates, next_observation, next_candidates;
  size_t num_bytes = 0;  // A multiple of 4096.

  ProgramColumns ColumnsIn(const char* memory) const;
};

}  // namespace recbots
