// SPDX-License-Identifier: Apache-2.0
// The life of a changed sensor mode; see sensor_mode.h. What is written is controls/ina3221_mode.cpp's.
#include "session/sensor_mode.h"

#include <algorithm>

#include "controls/ina3221_mode.h"

namespace layerwatt {

using namespace std::chrono_literals;

namespace {

Error with_remedy(const Error& error) {
  if (error.code != Errc::permission) return error;
  return Error{error.code, error.where,
               error.detail +
                   ". --sensor-mode best needs root, as in: sudo layerwatt profile ...; nothing was "
                   "changed"};
}

std::string spelled(const Change& change) {
  return change.file.string() + ": " + change.before + " -> " + change.after;
}

const char* remedy_for(const Outcome& outcome) {
  return outcome.fate == Fate::foreign
             ? "layerwatt restore --force puts it back all the same, --keep leaves it for good"
             : "layerwatt restore tries again";
}

bool is_unfinished(const Outcome& outcome) {
  return outcome.fate == Fate::foreign || outcome.fate == Fate::failed;
}

}  // namespace

Result<SensorMode> SensorMode::prepare(const Machine& machine, const ProfileOptions& options,
                                       Progress& progress) {
  if (!options.sensor.empty() && options.sensor != "ina3221")
    return Error{Errc::unsupported, "--sensor-mode best with --sensor " + options.sensor,
                 "there is an INA3221 alone whose mode is set"};
  // Before the journal: a machine without a chip needs none.
  auto plan = plan_fastest_ina3221(machine, options.rails);
  if (!plan) return with_remedy(plan.error());
  auto controls = Controls::open(machine, options.journal_folder);
  if (!controls) return controls.error();
  SensorMode mode{machine, options, progress, std::move(*controls)};
  if (auto undone = mode.undo_left_behind(); !undone) return undone.error();
  // Anew: it may look otherwise now.
  plan = plan_fastest_ina3221(machine, options.rails);
  if (!plan) return with_remedy(plan.error());
  if (auto may = mode.controls_.check(plan->steps); !may) return with_remedy(may.error());
  mode.steps_ = std::move(plan->steps);
  mode.settling_ = plan->settling;
  return mode;
}

SensorMode::~SensorMode() { restore(); }

void SensorMode::note(const std::string& kind, const std::string& text) {
  events_.push_back({machine_.clock().now(), kind, text});
}

Result<void> SensorMode::undo_left_behind() {
  const auto behind = controls_.restore_left_behind(Foreign::leave);
  if (!behind) return behind.error();
  if (!*behind) return {};
  const std::string run = "process " + std::to_string((*behind)->owner) + ", which was killed";
  if ((*behind)->rebooted) {
    progress_.say("settings left by " + run + ", ended with the reboot since: nothing to put back");
    return {};
  }
  for (const Outcome& outcome : (*behind)->restored.outcomes) {
    if (is_unfinished(outcome))
      return Error{Errc::exists, outcome.change.file.string(),
                   "was changed by " + run + ", and is not put back: " + description(outcome) + ". " +
                       remedy_for(outcome)};
    progress_.say("put back what " + run + ", left: " + description(outcome));
    note("restore", description(outcome));
  }
  return {};
}

Result<void> SensorMode::change() {
  for (const Step& step : steps_) {
    const auto changed = controls_.set(step);
    if (!changed) {
      restore();
      return changed.error();
    }
    if (!step.value.empty()) note("control", spelled(*changed));
  }
  const Instant settled = machine_.clock().now() + settling_;
  while (machine_.clock().now() < settled && !(options_.interrupted != nullptr && *options_.interrupted))
    machine_.clock().sleep_until(std::min(settled, machine_.clock().now() + 50ms));
  return {};
}

void SensorMode::restore() {
  for (const Outcome& outcome : controls_.restore().outcomes) {
    note("restore", description(outcome));
    if (is_unfinished(outcome)) progress_.say(description(outcome) + "; " + remedy_for(outcome));
  }
}

}  // namespace layerwatt
