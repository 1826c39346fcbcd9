// SPDX-License-Identifier: Apache-2.0
// Settings of the INA3221; see virtual_settings.h. What the chip can do: TI SBOS576, configuration register.
#include "boards/virtual_settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/text.h"

namespace layerwatt {

namespace {

constexpr std::array averagings{1, 4, 16, 64, 128, 256, 512, 1024};
constexpr std::array conversions_us{140, 204, 332, 588, 1100, 2116, 4156, 8244};

std::string listed(std::span<const int> values) {
  std::string text;
  for (const int value : values) text += (text.empty() ? "" : ", ") + std::to_string(value);
  return text;
}

Result<int> value_of(const std::string& setting, const std::string& value, std::span<const int> possible) {
  int number = 0;
  const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool whole = failure == std::errc{} && end == value.data() + value.size();
  if (!whole || std::find(possible.begin(), possible.end(), number) == possible.end())
    return Error{Errc::malformed, "virtual board: " + setting + "=" + value,
                 "the INA3221 has " + listed(possible)};
  return number;
}

// Beyond what resistors and chips are sold as, a little.
constexpr double largest_shunt_error = 0.10;
constexpr Volts largest_shunt_offset{500e-6};

// What a sensor is wrong by. False: `name` is none of it.
Result<bool> plant_error(const std::string& name, const std::string& value, Board& board) {
  const bool error = name == "shunt_error";
  if (!error && name != "shunt_offset_uv") return false;
  const bool has_sign = value.ends_with('%');
  const auto number = text::number(std::string_view{value}.substr(0, value.size() - (has_sign ? 1 : 0)));
  const double amount = number.value_or(0) * (error ? 0.01 : 1e-6);
  const double largest = error ? largest_shunt_error : largest_shunt_offset.value();
  if (!number || has_sign != error || std::abs(amount) > largest)
    return Error{Errc::malformed, "virtual board: " + name + "=" + value,
                 error ? "expected -10% to 10%, with the sign" : "expected a number from -500 to 500"};
  if (!board.model) return Error{Errc::unsupported, "virtual:" + board.id, "has no model"};
  if (error)
    board.model->shunt_error = amount;
  else
    board.model->shunt_offset = Volts{amount};
  board.name += ", " + name + " " + value;
  return true;
}

Result<void> change(const std::string& setting, Board& board) {
  const auto equals = setting.find('=');
  const std::string name = setting.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : setting.substr(equals + 1);
  const auto planted = plant_error(name, value, board);
  if (!planted) return planted.error();
  if (*planted) return {};
  const bool averaging = name == "averaging";
  if (!averaging && name != "conversion_us")
    return Error{Errc::malformed, "virtual board: " + setting,
                 "there is averaging=N, conversion_us=N, shunt_error=P% and shunt_offset_uv=N, as in "
                 "jetson-nano,averaging=1"};
  const auto number = averaging ? value_of(name, value, averagings) : value_of(name, value, conversions_us);
  if (!number) return number.error();
  for (BoardSensor& sensor : board.sensors) {
    if (sensor.driver != "ina3221") continue;
    if (averaging)
      sensor.averaging = *number;
    else
      sensor.conversion = std::chrono::microseconds{*number};
  }
  board.name += ", " + name + " " + std::to_string(*number);
  return {};
}

// What a free-running chip does at its fastest. Triggered conversions, as L4T's driver makes them, are not
// simulated.
Result<void> set_best_mode(const std::string& text, Board& board) {
  if (text.find(',') != std::string::npos)
    return Error{Errc::malformed, "virtual:" + text + " with --sensor-mode best",
                 "both say how the sensor is set; leave one of them out"};
  for (const BoardSensor& sensor : board.sensors) {
    if (sensor.driver != "ina3221") continue;
    const bool averages = sensor.averaging != 1, slow = sensor.conversion != std::chrono::microseconds{140};
    if (averages)
      if (auto changed = change("averaging=1", board); !changed) return changed;
    if (slow) return change("conversion_us=140", board);
    return {};
  }
  return {};
}

}  // namespace

Result<Board> board_with_settings(const std::string& text, bool best_mode) {
  auto comma = text.find(',');
  auto board = board_named(text.substr(0, comma));
  while (board && comma != std::string::npos) {
    const auto next = text.find(',', comma + 1);
    if (auto changed = change(text.substr(comma + 1, next - comma - 1), *board); !changed)
      return changed.error();
    comma = next;
  }
  if (board && best_mode)
    if (auto changed = set_best_mode(text, *board); !changed) return changed.error();
  return board;
}

}  // namespace layerwatt
