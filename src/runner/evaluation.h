// SPDX-License-Identifier: Apache-2.0
// What "open" says of inputs, and the work of "evaluate": labelled pictures, each answered once, unmarked.
#pragma once
#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "core/clock.h"
#include "core/result.h"
#include "engines/engine.h"
#include "inputs/answers.h"
#include "inputs/prepared_inputs.h"

namespace layerwatt {

// Of null: random.
Result<InputRequest> input_request_from_json(const nlohmann::json& json);

// From picture `from` on, until all are answered, `longest` has passed or a stop is asked for; at least one
// batch. Precondition: labels, and from < inputs.pictures().
Result<AnswerCounts> evaluate(ExecutionContext& context, PreparedInputs& inputs, std::size_t from,
                              Nanoseconds longest, const Clock& clock,
                              const std::function<bool()>& stop_asked);

}  // namespace layerwatt
