#include "common/wire/row_schema_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace recbots {
namespace {

using ::testing::HasSubstr;

v1::RowSchema OneColumn() {
  v1::RowSchema proto;
  proto.add_columns()->set_name("a");
  proto.mutable_columns(0)->set_dtype(v1::DTYPE_INT32);
  return proto;
}

TEST(RowSchemaProtoTest, ComesBackAsItWas) {
  const RowSchema schema = RowSchema::Create({{"observation", DType::kFloat32, {10}},
                                              {"slate", DType::kInt32, {3}},
                                              {"response", DType::kFloat32, {3, 2}},
                                              {"version", DType::kInt64, {}}})
                               .value();
  const RowSchema back = RowSchemaFromProto(RowSchemaToProto(schema)).value();
  EXPECT_EQ(back, schema);
  EXPECT_EQ(back.row_bytes(), schema.row_bytes());
}

TEST(RowSchemaProtoTest, RefusesWhatIsNotASchema) {
  const auto refusal = [](const v1::RowSchema& proto) {
    const auto schema = RowSchemaFromProto(proto);
    EXPECT_EQ(schema.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(schema.status().message());
  };
  EXPECT_THAT(refusal({}), HasSubstr("no columns"));
  v1::RowSchema proto = OneColumn();
  proto.mutable_columns(0)->set_dtype(v1::DTYPE_UNSPECIFIED);
  EXPECT_THAT(refusal(proto), HasSubstr("dtype 0, want 1..3"));
  proto.mutable_columns(0)->set_dtype(static_cast<v1::DType>(17));
  EXPECT_THAT(refusal(proto), HasSubstr("dtype 17"));
  proto = OneColumn();
  for (int i = 0; i < 9; ++i) proto.mutable_columns(0)->add_shape(1);
  EXPECT_THAT(refusal(proto), HasSubstr("9 extents, want at most 8"));
  proto = OneColumn();
  proto.mutable_columns(0)->add_shape(-1);
  EXPECT_THAT(refusal(proto), HasSubstr("extent -1"));
  for (int i = 0; i < 300; ++i) *proto.add_columns() = proto.columns(0);
  EXPECT_THAT(refusal(proto), HasSubstr("301 columns, want at most 256"));
}

}  // namespace
}  // namespace recbots
