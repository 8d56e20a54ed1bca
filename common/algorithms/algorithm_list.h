// The one list of algorithms: a row of it is all that the rest of the system knows of one.
//
// A row (row.h in the folder of each algorithm) is a struct of
//   kCase          the field of v1::AlgorithmConfig; the field's name is the algorithm's
// and of static functions of an AlgorithmConfig that has this field:
//   Transitions    what a row of experience holds for it
//   Load           the network that it trains, for estimates of memory
//   Check          optional: which settings, in their ranges, do not fit the environment; every role asks
//   MakePolicy     the acting side (make_policy.h)
//   MakeAlgorithm  the learning side (make_algorithm.h). It is defined in a library of its own, with LibTorch, and only
//                  the library `learning` calls it: other users of the list link no LibTorch.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "common/algorithms/full_slate_q/row.h"
#include "common/algorithms/slate_q/row.h"
#include "common/algorithms/wolpertinger/row.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

using AlgorithmList = std::tuple<WolpertingerRow, SlateQRow, FullSlateQRow, DqnRow>;

// What `function_of` takes from the row of the algorithm that `config` chooses, a pointer to one of its functions;
// nullptr where none is chosen.
template <typename FunctionOf>
auto OfChosen(const v1::AlgorithmConfig& config, FunctionOf function_of) {
  return std::apply(
      [&](auto... rows) {
        std::common_type_t<decltype(function_of(rows))...> chosen = nullptr;
        ((config.algorithm_case() == rows.kCase ? void(chosen = function_of(rows)) : void()), ...);
        return chosen;
      },
      AlgorithmList());
}

// In the order of the list.
std::vector<std::string> AlgorithmNames();

// INVALID_ARGUMENT: no algorithm is chosen; names all there are.
absl::Status NoAlgorithm();

}  // namespace recbots
