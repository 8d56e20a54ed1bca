// Reads the reference data of tests/golden, or of RECBOTS_GOLDEN_DIR where it is set, so that other cases of the same
// format can be put through the same tests.
//
//   const Golden golden("recsim/browse_step.json");
//   for (const GoldenValue item : golden.at("cases")) {
//     const GoldenValue in = item.at("in");
//     Step(in.at("document").get<int>());
//   }
//
// A parameter that a test does not know makes another experiment of a case, so none is passed over: what lies below
// "in" or "params" of cases that were read, and was asked for by name in none of them, fails the test when the Golden
// goes.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <exception>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/support/source_dir.h"

namespace recbots::testing {

inline std::string GoldenDir() {
  const char* dir = std::getenv("RECBOTS_GOLDEN_DIR");
  return dir != nullptr && *dir != '\0' ? dir : SourceDir() + "/tests/golden";
}

// A part of a golden file: used as the nlohmann::json that it stands for. Fields of objects are found by name only, and
// the file remembers which were. Valid as long as its Golden; not thread-safe.
class GoldenValue {
 public:
  using Asked = std::set<const nlohmann::json*>;

  GoldenValue(const nlohmann::json& value, Asked& asked) : value_(&value), asked_(&asked) {}

  // A field; throws (and so fails the test) where there is none.
  GoldenValue at(const std::string& name) const { return Ask(value_->at(name)); }
  GoldenValue operator[](const std::string& name) const { return at(name); }
  bool contains(const std::string& name) const {
    const auto found = value_->find(name);
    if (found == value_->end()) return false;
    asked_->insert(&*found);
    return true;
  }
  template <typename T>
  T value(const std::string& name, T otherwise) const {
    return contains(name) ? at(name).get<T>() : otherwise;
  }
  // Says that a parameter is known and rightly has no effect. The call site says why.
  void Ignore(const std::string& name) const { contains(name); }

  // Elements of a list.
  GoldenValue at(size_t i) const { return {value_->at(i), *asked_}; }
  GoldenValue operator[](size_t i) const { return at(i); }
  GoldenValue front() const { return at(size_t{0}); }
  size_t size() const { return value_->size(); }
  bool empty() const { return value_->empty(); }
  class Iterator {
   public:
    Iterator(nlohmann::json::const_iterator at, Asked& asked) : at_(at), asked_(&asked) {}
    GoldenValue operator*() const { return {*at_, *asked_}; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    nlohmann::json::const_iterator at_;
    Asked* asked_;
  };
  Iterator begin() const { return {value_->begin(), *asked_}; }
  Iterator end() const { return {value_->end(), *asked_}; }

  // Numbers, texts, and lists of them.
  template <typename T>
  T get() const {
    static_assert(!std::is_same_v<T, nlohmann::json>, "what is asked of it would not be seen");
    return value_->get<T>();
  }
  template <typename T>
  void get_to(T& out) const {
    out = get<T>();
  }
  bool is_null() const { return value_->is_null(); }
  bool is_number() const { return value_->is_number(); }
  bool is_string() const { return value_->is_string(); }
  bool is_array() const { return value_->is_array(); }

  // The names of an object's fields.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& field : value_->items()) names.push_back(field.key());
    return names;
  }

  std::string dump() const { return value_->dump(); }
  friend std::ostream& operator<<(std::ostream& out, const GoldenValue& value) { return out << *value.value_; }

 private:
  GoldenValue Ask(const nlohmann::json& part) const {
    asked_->insert(&part);
    return {part, *asked_};
  }

  const nlohmann::json* value_;
  Asked* asked_;
};

class Golden {
 public:
  // "recsim/browse_step.json"; throws (and so fails the test) when it cannot be read.
  explicit Golden(const std::string& name) : Golden(name, Read(name)) {}
  Golden(std::string name, nlohmann::json content) : name_(std::move(name)), content_(std::move(content)) {}
  Golden(const Golden&) = delete;
  Golden& operator=(const Golden&) = delete;

  // Says what was not asked for, unless the test has failed or given up anyway.
  ~Golden() {
    if (::testing::Test::HasFailure() || ::testing::Test::IsSkipped() || std::uncaught_exceptions() > 0) return;
    std::map<std::string, bool> known;
    Find(content_, "", /*parameters=*/false, known);
    for (const auto& [path, asked] : known) {
      EXPECT_TRUE(asked) << "golden file " << name_ << ": this test does not know the parameter " << path;
    }
  }

  GoldenValue value() const { return {content_, asked_}; }
  GoldenValue at(const std::string& name) const { return value().at(name); }
  GoldenValue operator[](const std::string& name) const { return at(name); }

 private:
  static nlohmann::json Read(const std::string& name) {
    const std::string path = GoldenDir() + "/" + name;
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read golden file " + path);
    return nlohmann::json::parse(file);
  }

  // Adds the parameters below `part`, such as "cases[].in.gamma", and whether they were asked for in any case.
  void Find(const nlohmann::json& part, const std::string& path, bool parameters,
            std::map<std::string, bool>& known) const {
    if (part.is_array()) {
      for (const nlohmann::json& element : part) {
        if (element.is_structured()) Find(element, path + "[]", parameters, known);
      }
    }
    if (!part.is_object()) return;
    for (const auto& field : part.items()) {
      const std::string field_path = path.empty() ? field.key() : path + "." + field.key();
      const bool asked = asked_.count(&field.value()) > 0;
      if (parameters) known[field_path] |= asked;
      // Of cases that were left out, and of what is unknown itself, nothing has to be asked for.
      const bool begins = field.key() == "in" || field.key() == "params";
      if (field.value().is_structured()) Find(field.value(), field_path, asked && (parameters || begins), known);
    }
  }

  const std::string name_;
  const nlohmann::json content_;
  mutable GoldenValue::Asked asked_;
};

}  // namespace recbots::testing
