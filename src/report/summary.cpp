// SPDX-License-Identifier: Apache-2.0
// Label, value, remark: three columns that read from left to right as a sentence.
#include "report/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/circumstances.h"
#include "report/quantity_format.h"
#include "report/text.h"

namespace layerwatt {

namespace {

constexpr std::size_t label_columns = 12, value_columns = 19;

class Lines {
 public:
  explicit Lines(const Style& style) : style_{style} {}
  void add(std::string_view label, std::string_view value, std::string_view remark) {
    const std::size_t room = static_cast<std::size_t>(style_.columns) - margin - label_columns;
    const std::string blanks(margin, ' ');
    text_ += blanks + painted(Ink::faint, left(label, label_columns), style_);
    if (width_of(value) > value_columns || value.empty()) {
      std::string all{value};
      if (!value.empty() && !remark.empty()) all += "  ";
      text_ += wrapped(all + std::string{remark}, room, margin + label_columns) + "\n";
      return;
    }
    text_ += painted(Ink::strong, left(value, value_columns), style_) +
             wrapped(remark, room - value_columns, margin + label_columns + value_columns) + "\n";
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  const Style& style_;
  std::string text_;
};

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts)
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string title(const Profile& profile, const Style& style) {
  const std::string name = model_name(profile.circumstances),
                    board = circumstance(profile.circumstances, "board");
  std::string text;
  if (const std::string_view warning = warning_title(profile); !warning.empty())
    text += " " + painted(Ink::warning, warning, style) + "\n";
  text += " " + painted(Ink::strong, printable(name.empty() ? "unnamed network" : name, style), style);
  if (!board.empty()) text += " on " + printable(board, style);
  const auto fact = [&](const char* key, const char* before, const char* after) {
    const std::string value = circumstance(profile.circumstances, key);
    return value.empty() ? "" : before + value + after;
  };
  const std::string threads = circumstance(profile.circumstances, "engine.threads");
  const std::string how = joined(
      {circumstance(profile.circumstances, "engine") + fact("engine.version", " ", ""),
       fact("engine.threads", "", threads == "1" ? " thread" : " threads"), fact("batch", "batch ", ""),
       profile.in_flight > 1 ? std::to_string(profile.in_flight) + " in flight" : "",
       fact("model.weights", "", " weights"), std::to_string(profile.layers.size()) + " layers"});
  return text + "\n " + painted(Ink::faint, printable(how, style), style) + "\n\n";
}

void add_per_input(const Profile& profile, const RailProfile* rail, const Style& style, Lines& lines) {
  if (!is_batched(profile) || profile.inference_time <= Nanoseconds{0}) return;
  lines.add("per input", quantity(time_per_input(profile), style),
            fmt::format("wall time / inputs: {:.4g} inputs/s, {}", inputs_per_second(profile),
                        profile.in_flight > 1 ? fmt::format("{} inferences in flight", profile.in_flight)
                                              : fmt::format("{} in a tensor", profile.batch)));
  if (rail != nullptr && profile.batch > 1)  // else it is that of an inference
    lines.add("", quantity(energy_per_input(profile, *rail), style),
              fmt::format("energy, gross, {}", printable(rail->rail, style)));
}

std::string quartiles(const Distribution& latency, const Style& style) {
  return fmt::format("median, quartiles {} to {}, p99 {}", quantity(latency.quartile1, style),
                     quantity(latency.quartile3, style), quantity(latency.percentile99, style));
}

void add_latency(const Profile& profile, const Style& style, Lines& lines) {
  const bool unmarked = profile.latency_whole.count > 0;
  const Distribution& whole = unmarked ? profile.latency_whole : profile.marked_whole;
  const Distribution& compute = unmarked ? profile.latency_compute : profile.marked_compute;
  const bool spread = is_batched(profile) && unmarked && profile.latency_deviation;
  lines.add("latency", quantity(whole.median, style),
            quartiles(whole, style) + ": load to unload" +
                (spread ? ", standard deviation " + quantity(*profile.latency_deviation, style) : ""));
  lines.add("", quantity(compute.median, style), quartiles(compute, style) + ": compute only");
}

// The layers that a file was cut out or made for, without what runs beside them because they are alone.
void add_alone(const Profile& profile, const Style& style, Lines& lines) {
  const AlonePart& part = *profile.alone;
  lines.add("alone", quantity(part.time, style),
            printable(part.what, style) + ", without load, unload, gaps and the engine's reformat");
  std::string reformat = part.reformat.empty() ? "reformat: none ran" : "";
  if (!part.reformat.empty())
    reformat = fmt::format("the engine's reformat, {} layers, excluded above", part.reformat.size());
  const std::string reformat_time = part.reformat.empty() ? "" : quantity(part.reformat_time, style);
  if (profile.rails.empty() || !profile.rails[headline_rail(profile)].alone) {
    lines.add("", reformat_time, reformat);
    return;
  }
  const RailProfile& rail = profile.rails[headline_rail(profile)];
  const auto& [layers, of_reformat] = *rail.alone;
  lines.add("", layers ? quantity(*layers, style) : "-",
            fmt::format("per inference, gross, {}{}", printable(rail.rail, style),
                        !layers            ? ": not known, no reading fell into it"
                        : layers->interval ? ", relative interval"
                                           : ""));
  if (layers && part.time > Nanoseconds{0})
    lines.add("", quantity(layers->value / part.time, style), "mean while it runs");
  if (!part.reformat.empty())
    reformat += of_reformat ? ": " + quantity(*of_reformat, style) : ": energy not known";
  lines.add("", reformat_time, reformat);
}

// Two intervals, and the words that keep them apart.
void add_energy(const RailProfile& rail, const Style& style, Lines& lines) {
  lines.add(
      "energy", quantity(rail.inference, style),
      fmt::format("per inference, gross, {}{}{}", printable(rail.rail, style),
                  rail.is_total ? " (total)" : "", rail.inference.interval ? ", relative interval" : ""));
  const Estimate<Joules> absolute{rail.inference.value, rail.inference_absolute};
  if (absolute.interval)
    lines.add("", quantity(absolute, style),
              "the same, absolute interval: what the sensor may be off included");
  else if (!rail.uncertainty.withheld.empty())
    lines.add("", "", "absolute interval withheld: " + rail.uncertainty.withheld);
  if (rail.net) lines.add("", quantity(*rail.net, style), "net of idle");
  lines.add("power", quantity(rail.mean_power, style), "mean while inferring");
  if (!rail.idle) return;
  std::string remark = "idle";
  if (rail.idle_before && rail.idle_after)
    remark += fmt::format(", {} before and {} after", quantity(*rail.idle_before, style),
                          quantity(*rail.idle_after, style));
  lines.add("", quantity(*rail.idle, style), remark);
}

std::string interval_of(const Share& share, std::uint64_t of) {
  return fmt::format("{:.1f} to {:.1f} % (Wilson's 95 % interval): {} of {} pictures", share.low * 100,
                     share.high * 100, share.right, of);
}

// Beside latency and energy: what is got for them.
void add_answers(const Profile& profile, const Style& style, Lines& lines) {
  if (!profile.answers) return;
  const RightAnswers& answers = *profile.answers;
  lines.add("accuracy", fmt::format("{:.1f} % top-1", answers.top1.value * 100),
            interval_of(answers.top1, answers.pictures));
  if (answers.top5)
    lines.add("", fmt::format("{:.1f} % top-5", answers.top5->value * 100),
              interval_of(*answers.top5, answers.pictures));
  if (answers.right_energy)
    lines.add("", quantity(*answers.right_energy, style),
              fmt::format("per right answer, gross, {}", printable(answers.rail, style)));
  else if (answers.energy)
    lines.add("", "", "no answer is right: none has a price");
}

void add_input(const Profile& profile, const Style& style, Lines& lines) {
  const std::string input = circumstance(profile.circumstances, "input"),
                    pictures = circumstance(profile.circumstances, "input.pictures");
  if (pictures.empty()) return;
  const std::string all = circumstance(profile.circumstances, "input.pictures_in_all"),
                    copies = circumstance(profile.circumstances, "input.copies");
  std::string value = pictures + (pictures == "1" ? " picture" : " pictures");
  lines.add("input", value,
            printable(fmt::format("{}{}{}; {}", input, all.empty() ? "" : ", of " + all,
                                  copies.empty() ? "" : ", " + copies + " copies",
                                  circumstance(profile.circumstances, "input.preprocessing")),
                      style));
}

void add_other_rails(const Profile& profile, std::size_t headline, const Style& style, Lines& lines) {
  const char* label = "other rails";
  for (std::size_t r = 0; r < profile.rails.size(); ++r) {
    if (r == headline) continue;
    const RailProfile& rail = profile.rails[r];
    lines.add(std::exchange(label, ""), quantity(rail.inference, style),
              fmt::format("{}, {} mean{}", printable(rail.rail, style), quantity(rail.mean_power, style),
                          rail.idle ? ", " + quantity(rail.idle->value, style) + " idle" : ""));
  }
}

void add_measurement(const Profile& profile, const Style& style, Lines& lines) {
  std::vector<std::string> parts;
  if (profile.latency_whole.count > 0)
    parts.push_back(
        fmt::format("{} inferences for latency, marks and sampler off", profile.latency_whole.count));
  if (profile.inferences > 0)
    parts.push_back(fmt::format("{} for energy in {} blocks, {:.0f} % pauses", profile.inferences,
                                profile.blocks, profile.pause_share * 100));
  if (profile.distortion)
    parts.push_back(fmt::format("{:.1f} % {} with marks", std::abs(*profile.distortion) * 100,
                                *profile.distortion < 0 ? "faster" : "slower"));
  lines.add("measured", "", joined(parts));
  parts.clear();
  for (const RailProfile& rail : profile.rails) {
    const std::string every = rail.period ? " every " + quantity(*rail.period, style) : "";
    parts.push_back(fmt::format("{} readings of {}{}{}", rail.readings, printable(rail.rail, style), every,
                                rail.missing > 0 ? fmt::format(" ({} missing)", rail.missing) : ""));
    if (!style.verbose) break;
  }
  const SamplerRecord& sampler = profile.sampler;
  if (sampler.ticks > 0) {
    parts.push_back(fmt::format("{} late and {} missed ticks", sampler.late_ticks, sampler.missed_ticks));
    if (sampler.elapsed > Nanoseconds{0} && sampler.cpu_time > Nanoseconds{0})
      parts.push_back(fmt::format("sampler took {:.2g} % of a core",
                                  seconds(sampler.cpu_time) / seconds(sampler.elapsed) * 100));
  }
  if (!parts.empty()) lines.add("", "", joined(parts));
  if (style.verbose)
    lines.add("", "", fmt::format("{} marks, {} lost", profile.markers.written, profile.markers.dropped));
}

}  // namespace

std::string summary_of(const Profile& profile, const Style& style) {
  Lines lines{style};
  if (profile.alone) add_alone(profile, style, lines);
  add_latency(profile, style, lines);
  add_per_input(profile, profile.rails.empty() ? nullptr : &profile.rails[headline_rail(profile)], style,
                lines);
  if (!profile.rails.empty()) {
    const std::size_t headline = headline_rail(profile);
    add_energy(profile.rails[headline], style, lines);
    add_other_rails(profile, headline, style, lines);
  }
  add_answers(profile, style, lines);
  add_input(profile, style, lines);
  add_measurement(profile, style, lines);
  return title(profile, style) + lines.text();
}

}  // namespace layerwatt
