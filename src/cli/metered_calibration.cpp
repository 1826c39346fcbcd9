// SPDX-License-Identifier: Apache-2.0
// See metered_calibration.h and docs/calibration.md.
#include "cli/metered_calibration.h"

#include <fmt/format.h>

#include <ostream>

#include "attribution/calibrated_rail.h"
#include "cli/calibrations.h"
#include "cli/percent.h"
#include "cli/progress.h"
#include "core/text.h"
#include "session/virtual_metered_run.h"
#include "session/virtual_source.h"

namespace layerwatt {

namespace {

using nlohmann::json;

Circumstances provenance_of_run(const MeteredRun& run, const MeteredCalibration& asked) {
  const std::string part = asked.measures.empty() ? "supply_loss" : "line";
  const Origin origin = run.rails.empty() ? Origin::measured : run.rails.front().channel.origin;
  Circumstances all = provenance_of(part, run.circumstances, origin);
  all[part + ".stretches"] = fmt::format("{} of {:.3g} s", run.parts.size(), seconds(asked.options.stretch));
  return all;
}

Result<CalibrationPlace> place_of(const MeteredCalibration& asked) {
  const bool simulated = !virtual_board_id(asked.options.sensor).empty();
  if (asked.save) return place_to_save(asked.place, simulated);
  if (simulated) return CalibrationPlace{};
  auto stored = calibrations_in_place({});
  if (!stored) return stored.error();
  return CalibrationPlace{{}, std::move(*stored)};
}

// A loss is what is missing from a reading that is right as far as is known. Gives the rails that were
// corrected.
std::vector<std::string> correct_rails(const std::vector<StoredCalibration>& stored, MeteredRun& run) {
  std::vector<std::string> rails;
  for (RailRecord& rail : run.rails) {
    attach_calibration(stored, run.circumstances, rail);
    if (!can_be_corrected(rail)) continue;
    rails.push_back(rail.channel.rail);
    rail = corrected(rail);
  }
  return rails;
}

Result<std::vector<std::string>> keep_all(const std::vector<StoredCalibration>& made,
                                          CalibrationPlace& place) {
  std::vector<std::string> kept;
  for (const StoredCalibration& one : made) {
    kept.push_back(fmt::format("{} of {}", one.line ? "gain and level" : "loss before it", one.of.rail));
    keep(one, place.stored);
  }
  if (auto saved = save_calibrations(place.stored, place.file); !saved) return saved.error();
  return kept;
}

}  // namespace

Result<MeterAccuracy> parse_meter_accuracy(const std::string& text) {
  const auto plus = text.find('+');
  const auto gain = parse_percent(text.substr(0, plus));
  const Error wrong{Errc::malformed, "--meter-accuracy " + text, "expected as 0.05%, or 0.05%+2mW"};
  if (!gain) return wrong;
  if (plus == std::string::npos) return MeterAccuracy{*gain, {}};
  const std::string offset = text.substr(plus + 1);
  if (!offset.ends_with('W')) return wrong;
  const auto digits = offset.find_first_not_of("0123456789.");
  const auto number = text::number(offset.substr(0, digits));
  const std::string prefix = offset.substr(digits, offset.size() - 1 - digits);
  const auto factor = prefix.empty() ? std::optional{1.0} : text::prefix(prefix);
  if (!number || !factor) return wrong;
  return MeterAccuracy{*gain, Watts{*number * *factor}};
}

Result<std::vector<StoredCalibration>> calibrations_from(const MeterFound& found, const MeteredRun& run,
                                                         const MeteredCalibration& asked,
                                                         const std::string& made) {
  const std::string meter = asked.options.meter + ", rail " + found.meter.channel.rail;
  std::vector<StoredCalibration> all;
  for (const MeterFound::Rail& one : found.rails) {
    const Channel& channel = one.rail.channel;
    const bool wanted = asked.measures.empty() ? channel.is_total : channel.rail == asked.measures;
    if (!wanted || !one.beside) continue;
    StoredCalibration stored{sensor_of(one.rail, run.circumstances), {}, {}, {}, {},
                             provenance_of_run(run, asked)};
    if (asked.measures.empty()) {
      stored.supply_loss = loss_of(*one.beside);
      stored.supply_loss->meter = meter;
      stored.supply_loss->made = made;
    } else {
      if (channel.meaning == Meaning::energy_total)
        return Error{Errc::unsupported, "rail " + channel.rail,
                     "is an energy counter, and those are not corrected: nothing is kept"};
      stored.line = line_of(*one.beside);
      stored.line->meter_accuracy = asked.accuracy;
      stored.line->meter = meter;
      stored.line->made = made;
      if (const auto fault = fault_of(*stored.line))
        return Error{Errc::malformed, "rail " + channel.rail,
                     *fault + ": does the meter measure this very rail? Nothing is kept"};
    }
    if (one.later_s)
      stored.meter_lag = {from_seconds(one.later_s->value), from_seconds(one.later_s->half_width), meter,
                          made};
    all.push_back(std::move(stored));
  }
  if (all.empty())
    return Error{Errc::not_found, "--save",
                 asked.measures.empty()
                     ? "nothing to keep: no total rail was seen clearly; --meter-at RAIL says which one the "
                       "meter measures"
                     : "nothing to keep: too little was read of rail " + asked.measures +
                           ", or the load does not show on it"};
  return all;
}

int calibrate_beside_meter(MeteredCalibration asked, Terminal& terminal) {
  auto place = place_of(asked);
  if (!place) return report_error(terminal, place.error());
  if (asked.options.meter == virtual_meter) asked.accuracy = MeterAccuracy{};  // it is the truth
  if (!asked.measures.empty()) asked.options.must_have = asked.measures;
  Result<MeteredRun> run = [&] {
    ProgressBar progress{terminal.err, terminal.err_is_terminal && !asked.quiet};
    return read_beside_meter(Machine::host(), asked.options, progress);
  }();
  if (asked.options.interrupted != nullptr && *asked.options.interrupted) return ExitCode::interrupted;
  if (!run) return report_error(terminal, run.error());
  std::vector<std::string> corrected_rails;
  if (asked.measures.empty()) corrected_rails = correct_rails(place->stored, *run);
  const auto found = meter_from(*run, asked.meter_rail, asked.measures);
  if (!found) return report_error(terminal, found.error());
  std::optional<Error> not_kept;
  std::vector<std::string> kept;
  if (asked.save) {
    const auto made = calibrations_from(*found, *run, asked, utc_now());
    const auto saved = made ? keep_all(*made, *place) : Result<std::vector<std::string>>{made.error()};
    if (saved) kept = *saved;
    if (!saved) not_kept = saved.error();
  }
  if (asked.json) {
    json all{{"schema", "layerwatt.calibration/1"}};
    all["beside_meter"] = meter_json(*found);
    all["beside_meter"]["measures"] = asked.measures.empty() ? json() : json(asked.measures);
    all["beside_meter"]["corrected"] = corrected_rails;
    all["saved"] = kept.empty() ? json() : json(place->file.string());
    terminal.out << all.dump(2) << "\n";
  } else {
    print_meter(*found, terminal);
    if (!corrected_rails.empty())
      terminal.out << fmt::format("Readings of {} were corrected by their calibration first.\n",
                                  fmt::join(corrected_rails, ", "));
    if (!kept.empty())
      terminal.out << fmt::format("Kept in {}: {}.\n", place->file.string(), fmt::join(kept, ", "));
    else if (!asked.save)
      terminal.out << "Nothing is kept; --save keeps it for later runs.\n";
  }
  if (not_kept) return report_error(terminal, *not_kept);
  return found->sampling ? good : undecidable;
}

}  // namespace layerwatt
