#include "learner/dashboard/policy_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

using Json = nlohmann::ordered_json;

// Rounded to three digits behind the point.
double Rounded(double number) { return std::round(number * 1000) / 1000; }

template <typename Numbers>
Json RoundedList(const Numbers& numbers) {
  Json list = Json::array();
  for (const auto number : numbers) list.push_back(Rounded(static_cast<double>(number)));
  return list;
}

Json OrNull(const std::vector<double>& shares) { return shares.empty() ? Json(nullptr) : RoundedList(shares); }

Json CellsJson(const RecommendedCells& cells) {
  Json list = Json::array();
  for (const auto& [cell, share] : cells) list.push_back({cell, Rounded(static_cast<double>(share))});
  return list;
}

Json MapJson(const PolicyMap& map, bool with_fixed) {
  Json json;
  json["states"] = map.states;
  json["candidates"] = map.candidates;
  json["rows"] = map.rows;
  json["columns"] = map.columns;
  json["recommended"] = CellsJson(map.recommended);
  json["best_reward_share"] = map.best_reward_share.has_value() ? Json(*map.best_reward_share) : Json(nullptr);
  json["references"] = Json::array();
  for (const PolicyMap::Reference& reference : map.references) {
    json["references"].push_back(
        {{"name", reference.name}, {"same_share", reference.same_share}, {"cells", CellsJson(reference.cells)}});
  }
  json["rewards"] = with_fixed && !map.rewards.empty() ? RoundedList(map.rewards) : Json(nullptr);
  return json;
}

Json TopicsJson(const PolicyTopics& topics) {
  Json json;
  json["names"] = topics.names;
  json["steps"] = topics.steps;
  json["offered"] = OrNull(topics.policy.offered);
  json["shown"] = OrNull(topics.policy.shown);
  json["clicked"] = OrNull(topics.policy.clicked);
  json["best_known"] = topics.best_known.empty() ? Json(nullptr) : Json(topics.best_known);
  json["best_shown"] = OrNull(topics.best.shown);
  json["best_clicked"] = OrNull(topics.best.clicked);
  return json;
}

Json PointsJson(const PolicyPoints& points) {
  Json json;
  json["num_items"] = points.num_items;
  json["explained"] = points.explained;
  json["items"] = points.items;
  json["item_xy"] = RoundedList(points.item_xy);
  json["actor_xy"] = RoundedList(points.actor_xy);
  return json;
}

}  // namespace

std::string PolicyJson(const ViewedWeights& weights, const PolicyView& view, bool with_fixed) {
  Json json;
  json["incarnation"] = absl::StrCat(absl::Hex(weights.incarnation, absl::kZeroPad16));
  json["views"] = weights.views;
  json["weights_version"] = weights.version;
  json["updates"] = weights.updates;
  json["env_steps"] = weights.env_steps;
  json["map"] = view.map.has_value() ? MapJson(*view.map, with_fixed) : Json(nullptr);
  json["topics"] = view.topics.has_value() ? TopicsJson(*view.topics) : Json(nullptr);
  json["points"] = view.points.has_value() ? PointsJson(*view.points) : Json(nullptr);
  return json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

}  // namespace recbots
