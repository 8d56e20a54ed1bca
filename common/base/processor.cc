#include "common/base/processor.h"

#include <initializer_list>

#include "common/base/processor_check.h"

namespace recbots {
namespace {

bool HasAll(uint64_t features, std::initializer_list<ProcessorFeature> wanted) {
  for (const ProcessorFeature feature : wanted) {
    if ((features & FeatureBit(feature)) == 0) return false;
  }
  return true;
}

}  // namespace

uint64_t MachineFeatures() { return recbots_machine_features(); }

uint64_t BuiltForFeatures() { return recbots_built_for_features; }

std::string BuiltForArchitecture() { return recbots_built_for_architecture; }

std::vector<std::string> FeatureNames(uint64_t features) {
  std::vector<std::string> names;
  for (int i = 0; i < static_cast<int>(ProcessorFeature::kNumFeatures); ++i) {
    if ((features >> i & 1) != 0) names.emplace_back(recbots_feature_names[i]);
  }
  return names;
}

int ArchitectureLevel(uint64_t features) {
  using enum ProcessorFeature;
#ifndef __x86_64__
  if (features == 0) return 0;
#endif
  if (!HasAll(features, {kSse3, kSsse3, kSse41, kSse42, kPopcnt})) return 1;
  if (!HasAll(features, {kAvx, kAvx2, kFma, kBmi, kBmi2, kLzcnt, kMovbe, kF16c})) return 2;
  if (!HasAll(features, {kAvx512f, kAvx512bw, kAvx512cd, kAvx512dq, kAvx512vl})) return 3;
  return 4;
}

std::string ArchitectureName(int level) {
  if (level == 0) return "not x86-64";
  return level == 1 ? "x86-64" : "x86-64-v" + std::to_string(level);
}

}  // namespace recbots
