#include "learner/dashboard/control_page.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace recbots {
namespace {

using Json = nlohmann::ordered_json;

std::string Line(const char* key, const std::string& text) {
  return Json({{key, text}}).dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) + "\n";
}

WebPage::Answer Done(const std::string& action, const std::string& what) {
  RECBOTS_LOG(INFO) << "asked for by hand" << Field("action", action);
  return {200, Line("done", what)};
}

WebPage::Answer Cannot(const std::string& why) { return {409, Line("error", why)}; }

WebPage::Answer Wrong(const std::string& found) {
  return {400, Line("error", absl::StrCat("action '", found.substr(0, 100),
                                          "', want {\"action\": \"evaluate\"}, checkpoint, pause, continue or end"))};
}

}  // namespace

WebPage::Answer ControlRun(const RunControlsTarget& target, const std::string& body) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.size() != 1 || !json.contains("action") || !json["action"].is_string()) {
    return Wrong(body);
  }
  const std::string action = json["action"].get<std::string>();
  RunControls& controls = *target.controls;
  if (controls.end_asked()) return Cannot("the run is ending");
  if (action == "evaluate") {
    if (const std::string why = target.no_evaluation(); !why.empty()) return Cannot(why);
    controls.AskForEvaluation();
    return Done(action, "The newest weights are published and evaluated.");
  }
  if (action == "checkpoint") {
    if (const std::string why = target.no_checkpoint(); !why.empty()) return Cannot(why);
    controls.AskForCheckpoint();
    return Done(action, "A checkpoint is written.");
  }
  if (action == "pause" || action == "continue") {
    controls.SetPaused(action == "pause");
    return Done(action, action == "pause" ? "No more updates are made." : "Updates go on.");
  }
  if (action != "end") return Wrong(action);
  controls.AskForEnd();
  return Done(action, "The run ends: weights, report and a last checkpoint are written.");
}

}  // namespace recbots
