// SPDX-License-Identifier: Apache-2.0
// Notes, in the order in which a reader should hear them. Plain ASCII, so that every report can print them.
#include "attribution/notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "attribution/calibration_notes.h"
#include "attribution/precision.h"
#include "core/circumstances.h"

namespace layerwatt {

namespace {

using Notes = std::vector<std::string>;

constexpr double notable_distortion = 0.05;
constexpr double notable_unexplained = 0.05;
constexpr double notable_drift = 0.05;
constexpr double notable_pauses = 0.25;
constexpr double notable_late_share = 0.01;
constexpr std::size_t enough_readings = 100;  // Holly 2020
constexpr std::size_t names_shown = 3;

std::string listed(const Notes& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), names_shown); ++i)
    text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > names_shown) text += fmt::format(" and {} more", names.size() - names_shown);
  return text;
}

// Two digits, but never as 1e+02.
std::string percent(double share) {
  return std::abs(share) < 0.0995 ? fmt::format("{:.2g} %", share * 100)
                                  : fmt::format("{:.0f} %", share * 100);
}

void note_origin(const Profile& profile, Notes& notes) {
  if (const std::string what = circumstance(profile.circumstances, "simulation"); !what.empty())
    notes.push_back("What was simulated: " + what + ". Nothing about power here was measured.");
  else if (profile.worst_origin == Origin::simulated)
    notes.push_back("SIMULATED: nothing about power here was measured.");
  for (const RailProfile& rail : profile.rails) {
    if (rail.origin != Origin::estimated) continue;
    const std::string curve = circumstance(profile.circumstances, "sensor_mode.estimate.curve");
    notes.push_back(
        fmt::format("{}: power is ESTIMATED, proportional to CPU time{}. It shows where the CPU worked, not "
                    "what the board "
                    "drew; layers have no interval, and that of the whole covers repetition alone.",
                    rail.rail, curve.empty() ? "" : " (" + curve + ")"));
  }
  if (circumstance(profile.circumstances, "model.weights") == "random")
    notes.push_back(
        "The weights are random: time and energy are those of the architecture, outputs mean nothing.");
  if (profile.answers && profile.answers->not_finite > 0)
    notes.push_back(
        fmt::format("Of {} of {} labelled pictures the network made values that are not finite; they "
                    "count as wrong.",
                    profile.answers->not_finite, profile.answers->pictures));
}

void note_ending(const Profile& profile, const NoteFacts& facts, Notes& notes) {
  if (!profile.complete)
    notes.push_back("The run did not end in order: this is what had been recorded by then.");
  for (const Event& event : facts.timeline.events)
    if (event.kind == "failure")
      notes.push_back("The run failed: " + event.text);
    else if (event.kind == "stopped")
      notes.push_back("The energy pass ended " + event.text + ".");
  if (facts.execution.energy.empty())
    notes.push_back("The run ended before its energy pass: there is no energy to show.");
  if (facts.execution.latency.empty())
    notes.push_back("There was no latency pass: times and energies are those with marks and sampler on.");
  if (!facts.rails_left_out.empty())
    notes.push_back("Not read in the energy pass and left out: " + listed(facts.rails_left_out) + ".");
}

// Of layers that contain others: what they cost with those.
std::string wholes_on(const RailProfile& rail, const Notes& wholes) {
  Notes sums;
  for (const ModuleEnergy& module : rail.modules) {
    if (!module.energy || std::find(wholes.begin(), wholes.end(), module.name) == wholes.end()) continue;
    std::string sum = fmt::format("{} {:.3g} mJ", module.name, module.energy->value.value() * 1e3);
    if (const auto& interval = module.energy->interval)
      sum += fmt::format(" (+- {:.2g})", (interval->high - interval->low).value() / 2 * 1e3);
    sums.push_back(std::move(sum));
  }
  return sums.empty() ? "" : fmt::format("; with those, on {}: {}", rail.rail, listed(sums));
}

void note_concurrency(const Profile& profile, const NoteFacts& facts, Notes& notes) {
  if (facts.execution.in_flight > 1)
    notes.push_back(fmt::format(
        "{} inferences were in flight: their layers overlapped. Each moment was divided equally between the "
        "layers that ran in it, of whichever inference; times and energies of layers are their shares, and "
        "add up to the time and the energy for one inference, not to its latency.",
        facts.execution.in_flight));
  if (facts.execution.overlapping && (facts.execution.in_flight == 1 || facts.moments == Moments::owned))
    notes.push_back(
        facts.moments == Moments::owned
            ? "Layers overlapped in time; each moment was given to the layer begun last."
            : "Layers overlapped in time; each moment was divided equally between those that ran.");
  Notes wholes;
  for (const Nesting& nesting : facts.execution.nestings)
    wholes.push_back(facts.timeline.layers[nesting.whole].name);
  if (!wholes.empty())
    notes.push_back(
        fmt::format("Other layers always ran within {}: what is shown for it alone is what those leave{}.",
                    listed(wholes),
                    profile.rails.empty() ? "" : wholes_on(profile.rails[headline_rail(profile)], wholes)));
}

void note_turns(const NoteFacts& facts, Notes& notes) {
  Notes in_turn;
  for (const RailRecord& rail : facts.timeline.rails)
    if (std::any_of(rail.gaps.begin(), rail.gaps.end(),
                    [](const Gap& gap) { return gap.why == turn_of_others; }))
      in_turn.push_back(rail.channel.rail);
  if (in_turn.empty()) return;
  notes.push_back(
      fmt::format("Reading all rails takes longer than they are renewed, so they took turns, one a block: "
                  "{}. Each is known "
                  "from its share of the inferences; --together reads all of them always.",
                  listed(in_turn)));
}

// What the sampler writes when it reads a rail no more. Rails of one chip leave together: one reason will do.
void note_departures(const NoteFacts& facts, Notes& notes) {
  Notes left, returned;
  std::string why, why_returned;
  Nanoseconds longest{};
  for (const RailRecord& rail : facts.timeline.rails)
    for (const Gap& gap : rail.gaps) {
      if (!gap.why.starts_with("gone: ") && !gap.why.starts_with("broken: ")) continue;
      const bool back = !rail.readings.empty() && rail.readings.back().before >= gap.to;
      Notes& names = back ? returned : left;
      std::string& reason = back ? why_returned : why;
      if (names.empty()) reason = gap.why;
      if (names.empty() || names.back() != rail.channel.rail) names.push_back(rail.channel.rail);
      if (back) longest = std::max(longest, gap.to - gap.from);
    }
  if (!returned.empty())
    notes.push_back(fmt::format(
        "The sensor of {} left during the run ({}) and came back, after {:.2g} s at most: what was drawn "
        "meanwhile is not known.",
        listed(returned), why_returned, seconds(longest)));
  if (!left.empty())
    notes.push_back(fmt::format("The sensor of {} left during the run ({}): known from its readings before.",
                                listed(left), why));
}

void note_odd_data(const Profile& profile, const NoteFacts& facts, Notes& notes) {
  if (profile.markers.dropped > 0)
    notes.push_back(
        fmt::format("{} of {} marks were lost to a full ring; layers come from the {} inferences of {} "
                    "that kept all of theirs.",
                    profile.markers.dropped, profile.markers.dropped + profile.markers.written,
                    facts.execution.marked_count, profile.inferences));
  if (!facts.execution.energy.empty() && facts.execution.segments.empty())
    notes.push_back("No layer was marked: only the whole inference is known.");
  if (facts.execution.impossible > 0)
    notes.push_back(
        fmt::format("{} inferences or spans could not be (wrong order, overlap, or far longer than the "
                    "others) and were left out.",
                    facts.execution.impossible));
  if (profile.inferences == 1)
    notes.push_back(
        "Only one inference was measured: there are no intervals, since nothing tells how much they differ.");
  note_concurrency(profile, facts, notes);
  const SamplerRecord& sampler = profile.sampler;
  const auto late = static_cast<double>(sampler.late_ticks + sampler.missed_ticks);
  if (sampler.ticks > 0 && late > notable_late_share * static_cast<double>(sampler.ticks))
    notes.push_back(fmt::format("The sampler was late {} and missed {} of {} ticks: the machine was busy{}.",
                                sampler.late_ticks, sampler.missed_ticks, sampler.ticks,
                                sampler.realtime ? "" : ", and real-time priority was not granted"));
  std::map<std::string, std::size_t> kinds;
  for (const Event& event : facts.timeline.events) {
    if (event.kind == "doctor")
      notes.push_back("Doctor found: " + event.text + ".");
    else if (event.kind == "sensor")
      notes.push_back("Otherwise than the table says, measured before the run: " + event.text + ".");
    else if (event.kind == "stream")
      notes.push_back("Stream " + event.text + ".");
    else if (event.kind == "core_lost")
      notes.push_back(event.text + ": the sampler may have woken later than usual, as the late ticks tell.");
    else if (event.kind == "sensor_otherwise")
      notes.push_back(event.text + ".");
    else if (event.kind != "sensor_back" && event.kind != "failure" && event.kind != "interrupted" &&
             event.kind != "stopped" && event.kind != "refit" && event.kind != "control" &&
             event.kind != "restore")
      ++kinds[event.kind];
  }
  for (const auto& [kind, count] : kinds)
    notes.push_back(fmt::format("Event during the run: {} ({} x).", kind, count));
}

// What the sensor was otherwise, when it was set for the run.
void note_sensor_mode(const Profile& profile, Notes& notes) {
  const std::string prefix = "sensor_mode_before.";
  Notes before;
  for (const auto& [key, value] : profile.circumstances)
    if (key.rfind(prefix, 0) == 0) before.push_back(key.substr(prefix.size()) + " was " + value);
  if (!before.empty())
    notes.push_back(
        "For this run the sensor was set to its fastest mode, without averaging: " + listed(before) + ".");
}

// "18 of 26: conv1, ...": the engine says so.
void note_convolutions(const Profile& profile, Notes& notes) {
  const std::string others = circumstance(profile.circumstances, "engine.convolutions_not_as_asked");
  if (!others.empty())
    notes.push_back(
        "Convolutions that cannot be computed by the algorithm asked for, and were computed as the "
        "engine chose: " +
        others + ".");
}

// Of an engine that cannot be asked for marks, and says so.
void note_stacked_durations(const Profile& profile, Notes& notes) {
  if (circumstance(profile.circumstances, "engine.marks").find("stacked") != std::string::npos)
    notes.push_back(
        "Layers are stacked, not marked: the engine's profiler told how long each took, and they were put "
        "one "
        "after the other from the start of each inference. What lies between them is counted after the last, "
        "so later layers are placed too early.");
}

void note_disturbance(const Profile& profile, Notes& notes) {
  if (profile.distortion && std::abs(*profile.distortion) > notable_distortion)
    notes.push_back(
        fmt::format("With marks and sampler on, inferences were {} {} than without; energies are "
                    "rescaled to the undisturbed latency, and trust that the split stayed the same.",
                    percent(std::abs(*profile.distortion)), *profile.distortion > 0 ? "slower" : "faster"));
  if (profile.pause_share > notable_pauses)
    notes.push_back(
        fmt::format("{} of the energy pass were pauses between inferences, taken off at idle power.",
                    percent(profile.pause_share)));
}

void note_idle(const Profile& profile, const NoteFacts& facts, Notes& notes) {
  Notes without, drifting;
  for (const RailProfile& rail : profile.rails) {
    if (rail.origin == Origin::estimated) continue;
    if (!rail.idle) without.push_back(rail.rail);
    if (!rail.idle_before || !rail.idle_after) continue;
    const double drift = (*rail.idle_after - *rail.idle_before) / *rail.idle_before;
    if (std::isfinite(drift) && std::abs(drift) > notable_drift)
      drifting.push_back(fmt::format("{} by {:+.2g} %", rail.rail, drift * 100));
  }
  if (!without.empty())
    notes.push_back("Idle was not read on " + listed(without) +
                    ": there is no net energy, and pauses are booked at mean power.");
  if (!drifting.empty()) notes.push_back("Idle power drifted during the run: " + listed(drifting) + ".");
  if (!facts.rails_idle_unsettled.empty())
    notes.push_back("An idle phase was too short to wait for the sensor's average to settle: " +
                    listed(facts.rails_idle_unsettled) + ".");
}

void note_choice_of_rail(const Profile& profile, Notes& notes) {
  const bool total = std::any_of(profile.rails.begin(), profile.rails.end(),
                                 [](const RailProfile& rail) { return rail.is_total; });
  if (profile.rails.size() > 1 && !total)
    notes.push_back("No rail is known to be the total, and rails are not added up: one may contain another.");
}

void note_smoothing(const Profile& profile, const RailProfile& rail, Notes& notes) {
  if (!rail.time_constant) return;
  std::size_t shorter = 0, ran = 0;
  for (const LayerProfile& layer : profile.layers) {
    if (layer.runs == 0) continue;
    ++ran;
    if (layer.duration < *rail.time_constant) ++shorter;
  }
  if (shorter > 0)
    notes.push_back(
        fmt::format("The sensor averages over {}, longer than {} of {} layers: their powers are smoothed "
                    "towards the mean, and "
                    "the split of energy is close to the split of time.",
                    milliseconds(*rail.time_constant), shorter, ran));
}

// What counting readings per layer is worth saying for: the chronological method lives on them.
void note_chronological(const Profile& profile, const RailProfile& rail, const std::string& on,
                        Notes& notes) {
  Notes scarce;
  for (std::size_t l = 0; l < profile.layers.size(); ++l)
    if (rail.layers[l].energy && rail.layers[l].readings < enough_readings)
      scarce.push_back(profile.layers[l].layer.name);
  if (!scarce.empty())
    notes.push_back(
        fmt::format("Fewer than {} readings{} fell into {} layers ({}): run longer to resolve them.",
                    enough_readings, on, scarce.size(), listed(scarce)));
  note_smoothing(profile, rail, notes);
  const bool any = std::any_of(rail.layers.begin(), rail.layers.end(), [](const LayerEnergy& layer) {
    return layer.energy && layer.energy->interval;
  });
  if (any)
    notes.push_back(
        "Intervals of layers come from the scatter of readings; the bias of chronological mapping "
        "(sensor average, lag, aperture) is not in them and can be larger.");
}

// About the headline rail: the same would be said of each.
void note_layers(const Profile& profile, Notes& notes) {
  const RailProfile& rail = profile.rails[headline_rail(profile)];
  const std::string on = profile.rails.size() > 1 ? " on " + rail.rail : "";
  Notes unread, never;
  for (std::size_t l = 0; l < profile.layers.size(); ++l) {
    if (rail.layers[l].energy) continue;
    (profile.layers[l].runs == 0 ? never : unread).push_back(profile.layers[l].layer.name);
  }
  if (!never.empty() && never.size() < profile.layers.size())
    notes.push_back("Never seen to run: " + listed(never) + ".");
  const bool said = rail.fit && !rail.fit->withheld.empty();  // why, by the method itself
  if (!unread.empty() && !said)
    notes.push_back(
        fmt::format("No reading fell into {}{}: their energy is unknown and part of what is unexplained.",
                    listed(unread), on));
  const double unexplained = rail.unexplained / rail.inference.value;
  if (std::isfinite(unexplained) && std::abs(unexplained) > notable_unexplained)
    notes.push_back(fmt::format("{} of the energy{} is unexplained{}.", percent(unexplained), on,
                                unexplained < 0 ? ": layers and gaps claim more than there was" : ""));
  if (profile.method.starts_with("chronological") && rail.per_layer_interval)
    note_chronological(profile, rail, on, notes);
}

}  // namespace

std::string milliseconds(Nanoseconds t) { return fmt::format("{:.3g} ms", seconds(t) * 1e3); }

std::vector<std::string> notes_on(const Profile& profile, const NoteFacts& facts) {
  Notes notes;
  note_origin(profile, notes);
  note_ending(profile, facts, notes);
  for (std::string& sentence : calibration_notes(profile, facts.timeline))
    notes.push_back(std::move(sentence));
  note_turns(facts, notes);
  note_departures(facts, notes);
  note_odd_data(profile, facts, notes);
  note_sensor_mode(profile, notes);
  note_convolutions(profile, notes);
  note_stacked_durations(profile, notes);
  note_disturbance(profile, notes);
  note_idle(profile, facts, notes);
  note_choice_of_rail(profile, notes);
  for (std::string& sentence : precision_notes(profile, facts.timeline.rails))
    notes.push_back(std::move(sentence));
  if (!profile.rails.empty()) note_layers(profile, notes);
  const bool net = std::any_of(profile.rails.begin(), profile.rails.end(),
                               [](const RailProfile& rail) { return rail.net.has_value(); });
  if (net) notes.push_back("Energies are gross, idle power included; net is gross minus idle power x time.");
  if (const std::string others = circumstance(profile.circumstances, "model.substitutions"); !others.empty())
    notes.push_back("Operators stand for others of the network this was made from: " + others);
  if (const std::string unknown = circumstance(profile.circumstances, "model.not_inferred"); !unknown.empty())
    notes.push_back("About the model: " + unknown);
  return notes;
}

}  // namespace layerwatt
