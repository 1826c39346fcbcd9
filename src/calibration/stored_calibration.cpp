// SPDX-License-Identifier: Apache-2.0
// Comparing what was with what is; see stored_calibration.h.
#include "calibration/stored_calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace layerwatt {

namespace {

constexpr double most_averaged = 1 << 20;

std::string changed(const std::string& what, const std::string& was, const std::string& is) {
  const auto shown = [](const std::string& text) { return text.empty() ? "not known" : text; };
  return fmt::format("{} was {}, is {}", what, shown(was), shown(is));
}

template <class Number>
std::string shown(const std::optional<Number>& number) {
  return number ? fmt::format("{:g}", static_cast<double>(*number)) : "";
}

// Files hold shunts in decimal: a millionth apart is the same.
bool same(const std::optional<Ohms>& a, const std::optional<Ohms>& b) {
  return a.has_value() == b.has_value() && (!a || std::abs((*a - *b) / *a) < 1e-6);
}

std::string in_milliohms(const std::optional<Ohms>& shunt) {
  return shunt ? fmt::format("{:.4g} mOhm", shunt->value() * 1e3) : "";
}

// The first thing that is not as it was; empty when all is.
std::string difference_between(const CalibratedSensor& was, const CalibratedSensor& is) {
  if (was.board != is.board) return changed("the board", was.board, is.board);
  if (!same(was.shunt, is.shunt))
    return changed("the shunt", in_milliohms(was.shunt), in_milliohms(is.shunt));
  if (was.averaging != is.averaging) return changed("averaging", shown(was.averaging), shown(is.averaging));
  for (const auto& [key, value] : was.mode)
    if (const std::string now = circumstance(is.mode, key); now != value)
      return changed("sensor mode " + key, value, now);
  for (const auto& [key, value] : is.mode)
    if (!was.mode.contains(key)) return changed("sensor mode " + key, "", value);
  return "";
}

bool is_of(const CalibratedSensor& one, const CalibratedSensor& now) {
  return one.sensor == now.sensor && one.device == now.device && one.rail == now.rail;
}

}  // namespace

CalibratedSensor sensor_of(const RailRecord& rail, const Circumstances& circumstances) {
  CalibratedSensor made;
  made.board = circumstance(circumstances, "board.id");
  if (made.board.empty()) made.board = circumstance(circumstances, "board");
  made.sensor = rail.sensor;
  made.device = rail.device;
  made.rail = rail.channel.rail;
  made.shunt = rail.channel.accuracy.shunt;
  made.averaging = rail.channel.averaging;
  const std::string prefix = "sensor_mode." + (rail.device.empty() ? rail.sensor : rail.device) + ".";
  for (auto one = circumstances.lower_bound(prefix);
       one != circumstances.end() && one->first.starts_with(prefix); ++one)
    made.mode[one->first.substr(prefix.size())] = one->second;
  return made;
}

FoundCalibration find_calibration(std::span<const StoredCalibration> stored, const CalibratedSensor& now) {
  FoundCalibration found;
  for (const StoredCalibration& one : stored) {
    if (!is_of(one.of, now)) continue;
    const std::string differs = difference_between(one.of, now);
    if (differs.empty()) return {&one, {}};
    found.differs = differs;
  }
  if (!found.differs.empty()) return found;
  // The same rail by another way: another driver may show it otherwise.
  for (const StoredCalibration& one : stored)
    if (one.of.rail == now.rail && one.of.board == now.board && one.of.sensor != now.sensor)
      found.differs = changed("the driver", one.of.sensor, now.sensor);
  return found;
}

std::string fill_in(const MeasuredResponse& response, Channel& channel) {
  std::string filled;
  const auto in_ms = [](Nanoseconds time) { return fmt::format("{:.3g} ms", seconds(time) * 1e3); };
  if (!channel.refresh && response.refresh) {
    channel.refresh = response.refresh->time;
    filled = "a new value every " + in_ms(*channel.refresh);
  }
  if (!channel.averaging && response.delay && channel.refresh && *channel.refresh > Nanoseconds{}) {
    const MeasuredResponse::Delay& delay = *response.delay;
    // Each refresh keeps 1 - 1/N of the value before: time_constant_of(), solved for N.
    if (delay.averages()) {
      const double kept = std::exp(-seconds(*channel.refresh) / seconds(delay.time_constant));
      channel.averaging = std::max(1, static_cast<int>(std::lround(std::min(1 / (1 - kept), most_averaged))));
      filled += (filled.empty() ? "" : ", ") + std::string{"an average that remembers "} +
                in_ms(delay.time_constant);
    } else if (delay.time_constant_half_width < *channel.refresh) {
      channel.averaging = 1;
      filled += filled.empty() ? "no average" : ", no average";
    }
  }
  if (filled.empty()) return "";
  return fmt::format("{}: what no table says of it is taken as `layerwatt calibrate` measured it ({}): {}.",
                     channel.rail, response.made, filled);
}

std::string attach_calibration(std::span<const StoredCalibration> stored, const Circumstances& circumstances,
                               RailRecord& rail) {
  const FoundCalibration found = find_calibration(stored, sensor_of(rail, circumstances));
  if (found.fits != nullptr) {
    rail.calibration = found.fits->line;
    rail.supply_loss = found.fits->supply_loss;
  }
  if (found.fits != nullptr && found.fits->response) return fill_in(*found.fits->response, rail.channel);
  if (found.differs.empty()) return "";
  return fmt::format("{}: there is a calibration, and it is not applied: {}.", rail.channel.rail,
                     found.differs);
}

void keep(StoredCalibration made, std::vector<StoredCalibration>& stored) {
  const auto there = std::find_if(stored.begin(), stored.end(), [&](const StoredCalibration& one) {
    return is_of(one.of, made.of) && difference_between(one.of, made.of).empty();
  });
  if (there == stored.end()) {
    stored.push_back(std::move(made));
    return;
  }
  if (!made.line) made.line = there->line;
  if (!made.supply_loss) made.supply_loss = there->supply_loss;
  if (!made.response) made.response = there->response;
  if (!made.meter_lag) made.meter_lag = there->meter_lag;
  made.provenance.merge(there->provenance);  // what is there already is of the new part
  *there = std::move(made);
}

}  // namespace layerwatt
