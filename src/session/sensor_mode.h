// SPDX-License-Identifier: Apache-2.0
// `--sensor-mode best`: the machine's sensor set to its fastest, un-averaged mode for as long as a session
// lasts. Says what it changes, and what it could not put back.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controls/controls.h"
#include "session/profile_options.h"
#include "session/progress.h"

namespace layerwatt {

class SensorMode {
 public:
  // Undoes what a killed run left and finds out whether all that is wanted may be written. Changes nothing
  // else. permission: with the remedy.
  static Result<SensorMode> prepare(const Machine& machine, const ProfileOptions& options,
                                    Progress& progress);
  SensorMode(SensorMode&&) = default;
  SensorMode& operator=(SensorMode&&) = delete;
  SensorMode(const SensorMode&) = delete;
  SensorMode& operator=(const SensorMode&) = delete;
  ~SensorMode();  // restores, if nobody has

  // Writes, and waits until nothing of the former average is left, or the session is interrupted.
  Result<void> change();
  void restore();
  // What happened since the last call, to be put into the run file.
  [[nodiscard]] std::vector<Event> take_events() { return std::exchange(events_, {}); }

 private:
  SensorMode(const Machine& machine, const ProfileOptions& options, Progress& progress, Controls controls)
      : machine_{machine}, options_{options}, progress_{progress}, controls_{std::move(controls)} {}
  Result<void> undo_left_behind();
  void note(const std::string& kind, const std::string& text);

  const Machine& machine_;
  const ProfileOptions& options_;
  Progress& progress_;
  Controls controls_;
  std::vector<Step> steps_;
  Nanoseconds settling_{};
  std::vector<Event> events_;
};

}  // namespace layerwatt
