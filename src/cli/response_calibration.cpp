// SPDX-License-Identifier: Apache-2.0
// See response_calibration.h.
#include "cli/response_calibration.h"

#include "boards/virtual_settings.h"
#include "session/sensor_choice.h"
#include "session/virtual_source.h"

namespace layerwatt {

std::optional<MeasuredResponse> measured_response(const RailResponse& found, const std::string& made) {
  MeasuredResponse response;
  if (const auto& step = found.response)
    response.delay = {step->lag, step->lag_half_width, step->time_constant, step->time_constant_half_width};
  if (found.pace && found.pace->renewed) response.refresh = {*found.pace->renewed, found.pace->between};
  if (!response.delay && !response.refresh) return std::nullopt;
  response.made = made;
  return response;
}

Result<std::string> keep_responses(const std::vector<RailResponse>& responses, const std::string& sensor,
                                   const std::string& load, CalibrationPlace& place) {
  const std::string board_id = virtual_board_id(sensor);
  Circumstances circumstances;
  if (board_id.empty())
    circumstances = circumstances_with(Machine::host(), sensor);
  else if (const auto board = board_with_settings(board_id))
    circumstances["board"] = name_of_virtual(*board);
  std::string kept;
  for (const RailResponse& one : responses) {
    const auto response = measured_response(one, utc_now());
    if (!response) continue;
    StoredCalibration stored{sensor_of(one.rail, circumstances), {}, {}, response, {}, {}};
    stored.provenance = provenance_of("response", circumstances, one.rail.channel.origin);
    stored.provenance["response.load"] = load;
    keep(std::move(stored), place.stored);
    kept += (kept.empty() ? "" : ", ") + one.rail.channel.rail;
  }
  if (kept.empty()) return Error{Errc::not_found, "--save", "nothing to keep: no rail told anything"};
  if (auto saved = save_calibrations(place.stored, place.file); !saved) return saved.error();
  return kept;
}

}  // namespace layerwatt
