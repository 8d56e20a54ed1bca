// What rows mean, in a form that travels: with rows, tables, checkpoints, weights and reports. Who joins compares it.
//
// Which settings count is decided where they are known (actor/client/experiment_identity.h); here they are paths and
// values. Equality is that of the fingerprint; the fields are there so that a refusal can say what differs.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "recbots/v1/identity.pb.h"

namespace recbots {

// Bounds of what another party may send.
inline constexpr int kMaxIdentityFields = 1024;
inline constexpr size_t kMaxIdentityPathBytes = 256;
inline constexpr size_t kMaxIdentityValueBytes = 512;
inline constexpr size_t kMaxIdentityBytes = size_t{32} << 10;

// FNV-1a (Fowler, Noll and Vo), 64 bits: the same on every machine and in every version. `hash`: of what came before.
inline constexpr uint64_t kFnvOffset = 0xCBF29CE484222325;
uint64_t Fnv1a(absl::string_view bytes, uint64_t hash = kFnvOffset);

// Paths and their values. A value of more than kMaxIdentityValueBytes stands as its length and checksum.
using IdentityFields = std::map<std::string, std::string>;
// The fields with their fingerprint. They must keep the bounds above, but for the length of values.
v1::ExperimentIdentity MakeIdentity(const IdentityFields& fields);

// False: there is none; nothing is known of what the rows mean.
inline bool Says(const v1::ExperimentIdentity& identity) { return identity.fields_size() > 0; }

// Of one that came from elsewhere. One without fields is fine.
//   INVALID_ARGUMENT  a bound exceeded, paths not in order, a fingerprint that is not that of the fields; says which
absl::Status CheckIdentity(const v1::ExperimentIdentity& identity);

// "" where the two are equal. Otherwise what differs, fields that both have first, at most six by name:
//   environment.document_browsing.matrix_seed: 7 in the checkpoint, 42 here; transition.n_step: 3 in the checkpoint, 1
//   here; and 2 more
std::string IdentityDifference(const v1::ExperimentIdentity& there, absl::string_view of_there,
                               const v1::ExperimentIdentity& here, absl::string_view of_here);

// Sixteen hexadecimal digits.
std::string FingerprintText(uint64_t fingerprint);

}  // namespace recbots
