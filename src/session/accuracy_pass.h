// SPDX-License-Identifier: Apache-2.0
// Inputs as the runner is asked for them, and the pass in which it answers every labelled picture.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/result.h"
#include "session/profile_options.h"
#include "session/runner_process.h"

namespace layerwatt {

nlohmann::json to_json(const InputOptions& input);

// "accuracy.pictures", ".classes", ".top1", ".top5", ".not_finite", for the run file; nothing when
// interrupted. Asks for a second of work at a time; `show` is told what part is done.
Result<std::map<std::string, std::string>> count_right_answers(RunnerProcess& runner,
                                                               const std::atomic<bool>* interrupted,
                                                               const std::function<void(double)>& show);

}  // namespace layerwatt
