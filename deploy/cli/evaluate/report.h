// The evaluation for people and for programs.
#pragma once

#include <string>

#include "deploy/cli/evaluate/evaluation.h"

namespace recbots {

// The page for standard output.
std::string EvaluationPage(const Evaluation& evaluation);

// One JSON object and a line end; numbers that are not known are null.
std::string EvaluationJson(const Evaluation& evaluation);

// A page of HTML that needs nothing else: verdict, estimates with their intervals as a drawing, weights.
std::string EvaluationCard(const Evaluation& evaluation);

// "believed", "with care", "not to be believed"
const char* TrustWord(Trust trust);
// "tells", "with care", "cannot tell"
const char* VerdictWord(VerdictKind kind);

}  // namespace recbots
