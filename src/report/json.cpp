// SPDX-License-Identifier: Apache-2.0
// JSON for programs, as docs/profile.schema.json says. Base units, named in the keys; null for what is not
// known. All that may differ between two identical runs stands under "provenance".
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string_view>

#include "core/circumstances.h"
#include "report/json_values.h"
#include "report/report.h"
#include "report/uncertainty_json.h"

namespace layerwatt {

namespace {

bool was_asked(const std::string& key) {
  const auto settings = run_settings();
  return std::any_of(settings.begin(), settings.end(),
                     [&](const Setting& setting) { return setting.asked && setting.key == key; });
}

// energy_j, energy_low_j, energy_high_j: null without a value, the last two also without an interval.
template <class Unit>
void put(Json& object, const std::string& name, const std::string& unit,
         const std::optional<Estimate<Unit>>& estimate) {
  const bool interval = estimate && estimate->interval;
  object[name + "_" + unit] = estimate ? Json(estimate->value.value()) : Json{};
  object[name + "_low_" + unit] = interval ? Json(estimate->interval->low.value()) : Json{};
  object[name + "_high_" + unit] = interval ? Json(estimate->interval->high.value()) : Json{};
}

// energy_absolute_low_j, energy_absolute_high_j.
void put(Json& object, const std::string& name, const std::optional<Estimate<Joules>::Interval>& absolute) {
  object[name + "_absolute_low_j"] = absolute ? Json(absolute->low.value()) : Json{};
  object[name + "_absolute_high_j"] = absolute ? Json(absolute->high.value()) : Json{};
}

Json json_of(const Distribution& distribution) {
  if (distribution.count == 0) return Json{};
  return {{"count", distribution.count},
          {"mean_s", seconds(distribution.mean)},
          {"minimum_s", seconds(distribution.minimum)},
          {"quartile1_s", seconds(distribution.quartile1)},
          {"median_s", seconds(distribution.median)},
          {"quartile3_s", seconds(distribution.quartile3)},
          {"percentile99_s", seconds(distribution.percentile99)}};
}

Json latency_of(const Profile& profile) {
  return {{"whole", json_of(profile.latency_whole)},
          {"standard_deviation_s",
           profile.latency_deviation ? Json(seconds(*profile.latency_deviation)) : Json{}},
          {"compute", json_of(profile.latency_compute)},
          {"marked_whole", json_of(profile.marked_whole)},
          {"marked_compute", json_of(profile.marked_compute)},
          {"distortion", or_null(profile.distortion)}};
}

Json inference_of(const Profile& profile) {
  return {{"duration_s", seconds(profile.inference_time)},
          {"load_s", seconds(profile.load_time)},
          {"gap_s", seconds(profile.gap_time)},
          {"unload_s", seconds(profile.unload_time)},
          {"batch", profile.batch},
          {"in_flight", profile.in_flight},
          {"time_per_input_s", seconds(time_per_input(profile))},
          {"inputs_per_second",
           profile.inference_time > Nanoseconds{0} ? Json(inputs_per_second(profile)) : Json{}},
          {"measured", profile.inferences},
          {"blocks", profile.blocks},
          {"pause_share", profile.pause_share}};
}

Json json_of(const AlonePart& part) {
  return {{"part", part.what},
          {"layers", part.layers},
          {"duration_s", seconds(part.time)},
          {"reformat", part.reformat},
          {"reformat_duration_s", seconds(part.reformat_time)}};
}

Json json_of(const AloneEnergy& energy, const AlonePart& part) {
  Json json;
  put(json, "energy", "j", energy.layers);
  const bool known = energy.layers && part.time > Nanoseconds{0};
  json["power_w"] = known ? Json((energy.layers->value / part.time).value()) : Json{};
  put(json, "reformat_energy", "j", energy.reformat);
  return json;
}

Json energy_of(const LayerEnergy& layer) {
  Json json;
  put(json, "energy", "j", layer.energy);
  put(json, "energy", layer.absolute);
  json["net_energy_j"] = or_null(layer.net);
  json["power_w"] = or_null(layer.power);
  json["readings"] = layer.readings;
  return json;
}

Json macs_of(const Layer& layer) {
  Json macs = Json::array();
  for (const std::int64_t count : layer.source_macs) macs.push_back(count < 0 ? Json{} : Json(count));
  return macs;
}

Json layer_of(const Profile& profile, std::size_t index) {
  const LayerProfile& profiled = profile.layers[index];
  const Layer& layer = profiled.layer;
  Json json{{"name", layer.name},
            {"type", layer.type},
            {"module", or_null(layer.module)},
            {"sources", layer.sources},
            {"source_macs", macs_of(layer)},
            {"implementation", or_null(layer.implementation)},
            {"kernel", layer.kernel},
            {"stride", layer.stride},
            {"groups", or_null(layer.groups)},
            {"inputs", layer.inputs},
            {"outputs", layer.outputs},
            {"macs", or_null(layer.macs)},
            {"parameters", or_null(layer.parameters)},
            {"bytes", or_null(layer.bytes)},
            {"runs", profiled.runs},
            {"duration_s", seconds(profiled.duration)},
            {"marked", json_of(profiled.marked)}};
  // The headline rail again, so that .layers[].energy_j is all that most readers need.
  json.update(
      energy_of(profile.rails.empty() ? LayerEnergy{} : profile.rails[headline_rail(profile)].layers[index]));
  json["rails"] = Json::array();
  for (const RailProfile& rail : profile.rails) {
    Json one{{"rail", rail.rail}};
    one.update(energy_of(rail.layers[index]));
    json["rails"].push_back(std::move(one));
  }
  return json;
}

Json json_of(const SensorFit& fit) {
  return {{"lag_s", seconds(fit.lag)},
          {"lag_half_width_s", or_null(fit.lag_half_width)},
          {"lag_margin", fit.lag_margin},
          {"tail_s", seconds(fit.tail)},
          {"noise_w", fit.noise.value()},
          {"readings", fit.readings},
          {"outliers", fit.outliers},
          {"condition", fit.condition},
          {"phase_lock", or_null(fit.phase_lock)},
          {"tail_test", fit.tail_test},
          {"width_test", fit.width_test},
          {"from_prior", fit.from_prior},
          {"balance", fit.balance},
          {"withheld", or_null(fit.withheld)}};
}

Json rail_of(const Profile& profile, const RailProfile& rail) {
  Json json{{"rail", rail.rail},
            {"sensor", rail.sensor},
            {"origin", name_of(rail.origin)},
            {"is_total", rail.is_total},
            {"per_layer_interval", rail.per_layer_interval}};
  put(json, "energy", "j", std::optional{rail.inference});
  put(json, "energy", rail.inference_absolute);
  put(json, "energy_per_input", "j", std::optional{energy_per_input(profile, rail)});
  put(json, "net_energy", "j", rail.net);
  put(json, "net_energy", rail.net_absolute);
  json["power_w"] = rail.mean_power.value();
  put(json, "idle", "w", rail.idle);
  json["idle_before_w"] = or_null(rail.idle_before);
  json["idle_after_w"] = or_null(rail.idle_after);
  json["readings"] = rail.readings;
  json["gap_readings"] = rail.gap_readings;
  json["missing"] = rail.missing;
  json["period_s"] = or_null(rail.period);
  json["time_constant_s"] = or_null(rail.time_constant);
  json["joined"] = Json::array();
  for (const JoinedLayers& joined : rail.joined) json["joined"].push_back(json_of(joined));
  json["modules"] = Json::array();
  for (const ModuleEnergy& module : rail.modules) {
    Json one{{"name", module.name}, {"layers", module.layers}};
    put(one, "energy", "j", module.energy);
    json["modules"].push_back(std::move(one));
  }
  json["alone"] = rail.alone ? json_of(*rail.alone, *profile.alone) : Json{};
  json["fit"] = rail.fit ? json_of(*rail.fit) : Json{};
  json["accuracy"] = json_of(rail.accuracy);
  json["calibration"] = rail.calibration ? json_of(*rail.calibration) : Json{};
  json["supply_loss"] = rail.supply_loss ? json_of(*rail.supply_loss) : Json{};
  json["uncertainty"] = json_of(rail.uncertainty);
  return json;
}

Json conservation_of(const RailProfile& rail) {
  Joules layers{};
  for (const LayerEnergy& layer : rail.layers)
    if (layer.energy) layers += layer.energy->value;
  return {{"rail", rail.rail},
          {"layers_j", layers.value()},
          {"gaps_j", rail.gaps.value()},
          {"unexplained_j", rail.unexplained.value()},
          {"inference_j", rail.inference.value.value()}};
}

Json json_of(const Share& share) {
  return {
      {"right", share.right}, {"share", share.value}, {"share_low", share.low}, {"share_high", share.high}};
}

Json json_of(const RightAnswers& answers) {
  Json json{{"pictures", answers.pictures},
            {"classes", answers.classes},
            {"not_finite", answers.not_finite},
            {"top1", json_of(answers.top1)},
            {"top5", answers.top5 ? json_of(*answers.top5) : Json{}},
            {"interval", "wilson"},
            {"rail", or_null(answers.rail)}};
  put(json, "energy", "j", answers.energy);
  put(json, "right_energy", "j", answers.right_energy);
  put(json, "right_energy", answers.right_absolute);
  return json;
}

Json provenance_of(const Profile& profile) {
  Json circumstances = Json::object();
  for (const auto& [key, value] : profile.circumstances)
    if (!was_asked(key)) circumstances[key] = value;
  const SamplerRecord& sampler = profile.sampler;
  return {{"circumstances", circumstances},
          {"sampler",
           {{"ticks", sampler.ticks},
            {"late_ticks", sampler.late_ticks},
            {"missed_ticks", sampler.missed_ticks},
            {"cpu_time_s", seconds(sampler.cpu_time)},
            {"elapsed_s", seconds(sampler.elapsed)},
            {"realtime", sampler.realtime},
            {"core", or_null(sampler.core)},
            {"lateness", sampler.lateness}}}};
}

void write(const Profile& profile, const Style&, std::ostream& out) {
  const std::string name = model_name(profile.circumstances), warning{warning_title(profile)};
  Json settings_used = Json::object();
  for (const auto& [key, value] : profile.circumstances)
    if (was_asked(key)) settings_used[key] = value;
  Json json{
      {"schema", "layerwatt-profile-1"},
      {"title", warning.empty() ? name : name + " - " + warning},
      {"model", or_null(name)},
      {"settings", settings_used},
      {"origin", name_of(profile.worst_origin)},
      {"complete", profile.complete},
      {"method", profile.method},
      {"stacked", profile.stacked ? Json(name_of(*profile.stacked)) : Json{}},
      {"mark_bias_s", profile.method == "forward" ? Json(seconds(profile.mark_bias)) : Json{}},
      {"latency", latency_of(profile)},
      {"inference", inference_of(profile)},
      {"alone", profile.alone ? json_of(*profile.alone) : Json{}},
      {"answers", profile.answers ? json_of(*profile.answers) : Json{}},
      {"modules_by", profile.roll_up},
      {"headline_rail", profile.rails.empty() ? Json{} : Json(profile.rails[headline_rail(profile)].rail)},
      {"rails", Json::array()},
      {"layers", Json::array()},
      {"conservation", Json::array()},
      {"markers", {{"written", profile.markers.written}, {"dropped", profile.markers.dropped}}},
      {"sampling", {{"period_s", seconds(profile.sampler.period)}}},
      {"notes", profile.notes},
      {"provenance", provenance_of(profile)}};
  for (const RailProfile& rail : profile.rails) {
    json["rails"].push_back(rail_of(profile, rail));
    json["conservation"].push_back(conservation_of(rail));
  }
  for (std::size_t l = 0; l < profile.layers.size(); ++l) json["layers"].push_back(layer_of(profile, l));
  // A name in a model need not be UTF-8; JSON must be.
  out << json.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

}  // namespace

extern const ReportDriver json_driver;
const ReportDriver json_driver{"json", "for programs: docs/profile.schema.json", write};

}  // namespace layerwatt
