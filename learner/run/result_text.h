// An evaluation as text: how good the bot is, compared with the reference policies.
#pragma once

#include <string>

#include "recbots/v1/weights.pb.h"

namespace recbots {

// For the line that is printed every few seconds. Shows the share of the optimum if the optimum is known; otherwise the
// share of the gap from random play to the best known policy, with the references by name; otherwise the value and
// random play.
//   value 8.91 = 99.8 % of optimum (random 0.98)
//   value 266.1 +- 0.4 = 88.3 % of the gap from random 160.5 to fractional 280.1 (myopic 167.8)
std::string ShortResult(const v1::Evaluation& evaluation);

// For the last line of a run and its report: includes what ShortResult leaves out, with three digits behind the point.
//   99.78 % of the optimum, 99.75 % of the gap (value 8.910, random 0.980, row_argmax 7.321, optimum 8.930)
//   value 266.123 +- 0.412 = 88.30 % of the gap from random 160.512 to fractional 280.101 (myopic 167.812)
std::string FullResult(const v1::Evaluation& evaluation);

}  // namespace recbots
