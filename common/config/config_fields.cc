#include "common/config/config_fields.h"

#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config/field_path.h"

namespace recbots {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kMaxNamed = 6;

// `bound`: leaves out what may change.
void Describe(const Message& message, const std::string& path, bool bound, ConfigFields& fields) {
  const auto& reflection = *message.GetReflection();
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const auto& options = field.options();
    if (bound && options.GetExtension(v1::may_change)) continue;
    const std::string at = JoinPath(path, field.name());
    const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (field.is_repeated() && is_message) {
      const int size = reflection.FieldSize(message, &field);
      for (int j = 0; j < size; ++j) {
        Describe(reflection.GetRepeatedMessage(message, &field, j), absl::StrCat(at, "[", j, "]"), bound, fields);
      }
    } else if (field.is_repeated()) {
      std::vector<std::string> values;
      for (int j = 0; j < reflection.FieldSize(message, &field); ++j) values.push_back(ValueText(message, field, j));
      fields[at] = absl::StrJoin(values, " ");
    } else if (!is_message) {
      fields[at] = ValueText(message, field);
    } else if (reflection.HasField(message, &field)) {
      if (options.GetExtension(v1::on_request)) fields[at] = "given";
      Describe(reflection.GetMessage(message, &field), at, bound, fields);
    } else if (field.containing_oneof() == nullptr && !options.GetExtension(v1::on_request)) {
      Describe(reflection.GetMessage(message, &field), at, bound, fields);
    }
  }
}

std::string TextOf(const ConfigFields& fields, const std::string& path) {
  const auto found = fields.find(path);
  return found == fields.end() ? "not given" : found->second;
}

}  // namespace

void DescribeFields(const Message& message, const std::string& path, ConfigFields& fields) {
  Describe(message, path, /*bound=*/false, fields);
}

std::string RunDifference(const v1::ExperimentConfig& there, const v1::ExperimentConfig& here) {
  ConfigFields a, b;
  Describe(there, "", /*bound=*/true, a);
  Describe(here, "", /*bound=*/true, b);
  std::set<std::string> paths;
  for (const ConfigFields* fields : {&a, &b}) {
    for (const auto& [path, value] : *fields) paths.insert(path);
  }
  std::vector<std::string> named;
  size_t more = 0;
  for (const std::string& path : paths) {
    const std::string in_a = TextOf(a, path), in_b = TextOf(b, path);
    if (in_a == in_b) continue;
    if (named.size() < kMaxNamed) {
      named.push_back(absl::StrCat(path, ": ", in_a, " there, ", in_b, " here"));
    } else {
      ++more;
    }
  }
  if (more > 0) named.push_back(absl::StrCat("and ", more, " more"));
  return absl::StrJoin(named, "; ");
}

}  // namespace recbots
