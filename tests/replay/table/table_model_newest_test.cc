#include "tests/replay/table/table_model_test.h"

namespace recbots::replay {
namespace {

TEST_P(TableModelTest, AgreesWhenTheNewestRowMakesRoom) { RunModel(GetParam(), SelectorKind::kNewest); }
INSTANTIATE_TEST_SUITE_P(Samplers, TableModelTest, AllSamplers(), SamplerName);

}  // namespace
}  // namespace recbots::replay
