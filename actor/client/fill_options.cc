#include "actor/client/fill_options.h"

#include <google/protobuf/reflection.h>

#include "common/base/log.h"

namespace recbots {

using google::protobuf::FieldDescriptor;

OptionsReader::~OptionsReader() {
  RECBOTS_CHECK(asked_ == message_.GetDescriptor()->field_count())
      << message_.GetTypeName() << " has " << message_.GetDescriptor()->field_count() << " fields, its Options "
      << asked_;
}

const FieldDescriptor& OptionsReader::Field(const char* name) {
  const FieldDescriptor* field = message_.GetDescriptor()->FindFieldByName(name);
  RECBOTS_CHECK(field != nullptr) << message_.GetTypeName() << " has no field " << name;
  ++asked_;
  return *field;
}

bool OptionsReader::Says(const FieldDescriptor& field) const {
  if (field.is_repeated()) return message_.GetReflection()->FieldSize(message_, &field) > 0;
  return field.has_default_value() || message_.GetReflection()->HasField(message_, &field);
}

void OptionsReader::operator()(const char* name, double& member) {
  const FieldDescriptor& field = Field(name);
  if (Says(field)) member = message_.GetReflection()->GetDouble(message_, &field);
}

void OptionsReader::operator()(const char* name, int& member) {
  const FieldDescriptor& field = Field(name);
  if (Says(field)) member = message_.GetReflection()->GetInt32(message_, &field);
}

void OptionsReader::operator()(const char* name, uint64_t& member) {
  const FieldDescriptor& field = Field(name);
  if (Says(field)) member = message_.GetReflection()->GetUInt64(message_, &field);
}

void OptionsReader::operator()(const char* name, bool& member) {
  const FieldDescriptor& field = Field(name);
  if (Says(field)) member = message_.GetReflection()->GetBool(message_, &field);
}

void OptionsReader::operator()(const char* name, std::string& member) {
  const FieldDescriptor& field = Field(name);
  if (Says(field)) member = message_.GetReflection()->GetString(message_, &field);
}

void OptionsReader::operator()(const char* name, std::vector<double>& member) {
  const FieldDescriptor& field = Field(name);
  if (!Says(field)) return;
  const auto values = message_.GetReflection()->GetRepeatedFieldRef<double>(message_, &field);
  member.assign(values.begin(), values.end());
}

void OptionsReader::operator()(const char* name, std::vector<std::string>& member) {
  const FieldDescriptor& field = Field(name);
  if (!Says(field)) return;
  const auto values = message_.GetReflection()->GetRepeatedFieldRef<std::string>(message_, &field);
  member.assign(values.begin(), values.end());
}

void OptionsReader::ReadEnum(const char* name, int& number) {
  const FieldDescriptor& field = Field(name);
  if (Says(field)) number = message_.GetReflection()->GetEnumValue(message_, &field);
}

const google::protobuf::Message& OptionsReader::Nested(const char* name) {
  return message_.GetReflection()->GetMessage(message_, &Field(name));
}

}  // namespace recbots
