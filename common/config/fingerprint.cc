#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/config/config.h"
#include "common/config/field_path.h"

namespace recbots {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Fowler, Noll and Vo's hash, FNV-1a, 64 bits: the same on every machine and in every version.
void Hash(absl::string_view text, uint64_t& hash) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
}

// Hashes every field as "name:value;", defaults written out, so that saying a default and leaving it out are equal.
void HashMessage(const Message& message, uint64_t& hash) {
  const auto& reflection = *message.GetReflection();
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (field.containing_oneof() != nullptr && !reflection.HasField(message, &field)) continue;
    Hash(absl::StrCat(field.name(), ":"), hash);
    const int count = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
    for (int j = 0; j < count; ++j) {
      if (is_message) {
        HashMessage(field.is_repeated() ? reflection.GetRepeatedMessage(message, &field, j)
                                        : reflection.GetMessage(message, &field),
                    hash);
      } else {
        Hash(ValueText(message, field, field.is_repeated() ? j : -1), hash);
      }
      Hash(";", hash);
    }
  }
}

// The matrix and not the path under which this machine has it. A file that cannot be read counts as its path: the
// scenario will refuse it.
void ReplaceFileByContent(v1::EnvironmentConfig& environment) {
  if (!environment.document_browsing().has_matrix_file()) return;
  auto& path = *environment.mutable_document_browsing()->mutable_matrix_file();
  absl::StatusOr<std::string> content = ReadFile(path);
  if (content.ok()) path = *std::move(content);
}

}  // namespace

uint64_t ConfigFingerprint(const v1::ExperimentConfig& config) {
  uint64_t hash = 0xCBF29CE484222325;
  v1::EnvironmentConfig environment = config.environment();
  ReplaceFileByContent(environment);
  Hash(absl::StrCat(config.seed(), ";"), hash);
  HashMessage(environment, hash);
  HashMessage(config.algorithm(), hash);
  return hash;
}

}  // namespace recbots
