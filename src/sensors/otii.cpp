// SPDX-License-Identifier: Apache-2.0
// A channel that Qoitech's Otii 3 exported: "Timestamp","Value" in seconds and SI units, one file a channel,
// and what it is in the file's name alone ("Main power - Ace.csv"). Exports are made after the recording, so
// this is for `layerwatt import`. Facts: andyshinn/otiio, tests/test_export.py, which compares with Otii's
// own export byte by byte; channel names after the same, and qoitech/otii-tcp-client-python.
#include <optional>

#include "sensors/power_table.h"
#include "sensors/stream.h"
#include "sensors/stream_text.h"

namespace layerwatt {

namespace {

using Kind = PowerColumn::Kind;

std::optional<Kind> kind_of(const std::string& file) {
  for (const auto& [word, kind] :
       {std::pair{" power", Kind::power}, {" energy", Kind::energy}, {" current", Kind::current}})
    if (file.find(word) != std::string::npos) return kind;
  return std::nullopt;
}

// "Main power - Ace.csv" -> "Main".
std::string rail_of(const std::string& file) {
  const std::string rail = file.substr(0, file.find(' '));
  return stream::is_label(rail) ? rail : "otii";
}

class Otii final : public StreamParser {
 public:
  Otii(PowerColumn value, std::optional<Volts> volts)
      : table_{{{Kind::time, 1, {}}, std::move(value)}, StampClock::own, volts} {}
  Result<void> parse(std::string_view line, std::vector<StreamReading>& into) override {
    line = text::trimmed(line);
    if (line.empty()) return {};
    if (headed_) return table_.parse(line, into);
    const auto names = text::fields(line, ',');
    if (names.size() != 2 || names[0] != "Timestamp" || names[1] != "Value")
      return Error{Errc::malformed, "header", "expected \"Timestamp\",\"Value\""};
    headed_ = true;
    return {};
  }
  [[nodiscard]] std::span<const Channel> channels() const override {
    return headed_ ? std::span<const Channel>{table_.channels()} : std::span<const Channel>{};
  }
  [[nodiscard]] StampClock clock() const override { return StampClock::own; }

 private:
  PowerTable table_;
  bool headed_ = false;
};

Result<StreamPlan> plan(std::string_view written, Nanoseconds) {
  const stream::Argument argument = stream::argument(written, {"volts"});
  const auto volts = argument.positive<Volts>("volts");
  if (!volts) return volts.error();
  StreamPlan plan;
  plan.file = argument.head;
  plan.device = plan.file.filename();
  const auto kind = kind_of(plan.device);
  if (!kind)
    return Error{Errc::malformed, "otii:" + argument.head,
                 "the file's name is to say what is in it, as Otii calls it: \"Main power - Ace.csv\""};
  if (*kind == Kind::current && !*volts)
    return Error{Errc::malformed, "otii:" + argument.head,
                 "a current alone gives no power; export the power, or say the voltage: FILE:volts=5"};
  plan.parser = std::make_unique<Otii>(PowerColumn{*kind, 1, rail_of(plan.device)}, *volts);
  return plan;
}

}  // namespace

extern const StreamDriver otii_stream;
const StreamDriver otii_stream{"otii",
                               "otii:FILE[:volts=V]",
                               "a power, energy or current that Otii 3 exported: layerwatt import only",
                               "",
                               false,
                               plan};

}  // namespace layerwatt
