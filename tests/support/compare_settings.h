// Compares options (common/base/settings.h) with the message of the configuration that fills them: both have the same
// fields, ranges and defaults. Defaults that a message cannot have (of lists, and of parts) stand in the comment of the
// field.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/file.h"
#include "common/base/settings.h"
#include "common/slate/choice_model.h"
#include "recbots/v1/config.pb.h"
#include "tests/support/source_dir.h"

namespace recbots::testing {

using google::protobuf::FieldDescriptor;
using ::testing::HasSubstr;

// What config.proto says above a field; a field without a comment shares that of the field before it.
inline std::string CommentOf(const FieldDescriptor& field) {
  static const std::string* const kProto =
      new std::string(ReadFile(SourceDir() + "/proto/recbots/v1/config.proto").value());
  const std::string head = absl::StrCat("\nmessage ", field.containing_type()->name(), " {\n");
  const size_t begin = kProto->find(head);
  EXPECT_NE(begin, std::string::npos) << head;
  std::string comment;
  bool above = false;
  for (absl::string_view line : absl::StrSplit(kProto->substr(begin + head.size()), '\n')) {
    const bool in_comment = absl::ConsumePrefix(&line, "  // ");
    if (in_comment && !above) comment.clear();
    if (in_comment) absl::StrAppend(&comment, line, " ");
    above = in_comment;
    if (!in_comment && absl::StrContains(line, absl::StrCat(" ", field.name(), " = "))) return comment;
  }
  ADD_FAILURE() << field.full_name() << " is not in config.proto";
  return "";
}

// Compares all fields of Options with those of the message.
template <typename Options>
void Compare(const google::protobuf::Descriptor& message);

// Called with every member of options that have their defaults; compares it with the field of the same name.
class ComparisonWithMessage {
 public:
  explicit ComparisonWithMessage(const google::protobuf::Descriptor& message) : message_(message) {}

  int compared() const { return compared_; }

  template <typename T>
  void operator()(const char* name, T& member, const Range& range) {
    const FieldDescriptor* const field = message_.FindFieldByName(name);
    ASSERT_NE(field, nullptr) << message_.full_name() << " has no field " << name;
    SCOPED_TRACE(field->full_name());
    ++compared_;
    CompareDefault(*field, member);
    if constexpr (std::is_enum_v<T>) {
      EXPECT_EQ(range.min, 1);
      EXPECT_EQ(range.max, field->enum_type()->value(field->enum_type()->value_count() - 1)->number());
    } else if (std::string(name) != "acceptance") {  // Its elements are refused in words of their own.
      CompareRange(field->options(), range);
    }
    // So that slates may have their greatest size.
    if constexpr (std::is_same_v<T, int>)
      member = std::string(name) == "num_candidates" ? static_cast<int>(range.max) : member;
  }

 private:
  static void CompareRange(const google::protobuf::FieldOptions& options, const Range& range) {
    EXPECT_EQ(options.HasExtension(v1::min), range.bounded() && range.with_min);
    EXPECT_EQ(options.HasExtension(v1::above), range.bounded() && !range.with_min);
    EXPECT_EQ(options.HasExtension(v1::max), range.bounded());
    if (!range.bounded()) return;
    EXPECT_EQ(range.with_min ? options.GetExtension(v1::min) : options.GetExtension(v1::above), range.min);
    EXPECT_EQ(options.GetExtension(v1::max), range.max);
  }

  static void CompareDefault(const FieldDescriptor& field, double member) {
    EXPECT_EQ(field.default_value_double(), member);
  }
  static void CompareDefault(const FieldDescriptor& field, int member) {
    EXPECT_EQ(field.default_value_int32(), member);
  }
  static void CompareDefault(const FieldDescriptor& field, uint64_t member) {
    EXPECT_EQ(field.default_value_uint64(), member);
  }
  static void CompareDefault(const FieldDescriptor& field, bool member) {
    EXPECT_EQ(field.default_value_bool(), member);
  }
  static void CompareDefault(const FieldDescriptor& field, const std::string& member) {
    EXPECT_EQ(field.default_value_string(), member);
  }
  static void CompareDefault(const FieldDescriptor& field, const std::vector<double>& member) {
    ASSERT_TRUE(field.is_repeated());
    EXPECT_THAT(CommentOf(field), HasSubstr(absl::StrJoin(member, ", ")));
  }
  static void CompareDefault(const FieldDescriptor& field, const std::vector<std::string>& member) {
    EXPECT_TRUE(field.is_repeated() && member.empty());
  }
  template <typename Enum>
  requires std::is_enum_v<Enum>
  static void CompareDefault(const FieldDescriptor& field, Enum member) {
    EXPECT_EQ(field.default_value_enum()->number(), static_cast<int>(member));
  }
  // Options whose parts have the defaults of their own type.
  template <typename Options>
  requires requires(Options& options, ComparisonWithMessage& comparison) { options.ForEachField(comparison); }
  static void CompareDefault(const FieldDescriptor& field, Options&) { Compare<Options>(*field.message_type()); }
  // The comment tells in what a part differs from what all parts of its kind have.
  static void CompareDefault(const FieldDescriptor& field, ChoiceModelOptions& member) {
    std::vector<std::string> usual;
    const auto text = [&field](const char* name, const auto& value) -> std::string {
      if constexpr (std::is_enum_v<std::decay_t<decltype(value)>>) {
        const auto& type = *field.message_type()->FindFieldByName(name)->enum_type();
        return type.FindValueByNumber(static_cast<int>(value))->name();
      } else if constexpr (std::is_same_v<std::decay_t<decltype(value)>, double>) {
        return absl::StrCat(name, " ", value);
      } else {
        return absl::StrJoin(value, ", ");
      }
    };
    ChoiceModelOptions standard;
    standard.ForEachField(
        [&](const char* name, const auto& value, const Range&) { usual.push_back(text(name, value)); });
    size_t i = 0;
    member.ForEachField([&](const char* name, const auto& value, const Range&) {
      if (text(name, value) == usual[i++]) return;
      EXPECT_THAT(CommentOf(field), HasSubstr(text(name, value)));
    });
    EXPECT_EQ(static_cast<int>(usual.size()), field.message_type()->field_count());
  }

  const google::protobuf::Descriptor& message_;
  int compared_ = 0;
};

template <typename Options>
void Compare(const google::protobuf::Descriptor& message) {
  SCOPED_TRACE(message.full_name());
  Options options;
  ComparisonWithMessage comparison(message);
  options.ForEachField(comparison);
  EXPECT_EQ(comparison.compared(), message.field_count());
}

}  // namespace recbots::testing
