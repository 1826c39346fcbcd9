// SPDX-License-Identifier: Apache-2.0
// What a session on this machine reads: samplers of its sensors, streams, or a simulation, joined into one.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/machine.h"
#include "session/profile_options.h"
#include "session/reading_source.h"
#include "session/stream_source.h"
#include "session/virtual_source.h"

namespace layerwatt {

struct SessionSource {
  std::unique_ptr<ReadingSource> source;
  VirtualSource* simulated = nullptr;                // source, when it is simulated: for its truth
  std::vector<const StreamSource*> streams;          // parts of source
  std::optional<int> sampling_core;                  // that samplers are to keep to
  bool sensors_take_turns = true;                    // several samplers each read all of theirs
  std::map<std::string, std::string> circumstances;  // how sensors are set
};

struct SourceNeeds {
  const std::vector<Layer>& layers;  // that a simulation draws power for
  int runner = 0;                    // the process whose energy is wanted
  std::optional<int> sampling_core;
  std::function<void(const std::string& doing)> show;
};

Result<SessionSource> open_session_source(const Machine& machine, const ProfileOptions& options,
                                          const SourceNeeds& needs);

}  // namespace layerwatt
