// SPDX-License-Identifier: Apache-2.0
// See evaluation.h.
#include "runner/evaluation.h"

#include <nlohmann/json.hpp>

#include "runner/json_object.h"

namespace layerwatt {

Result<InputRequest> input_request_from_json(const nlohmann::json& json) {
  InputRequest request;
  if (json.is_null()) return request;
  JsonObject object{json, "input"};
  std::string labels;
  object.read("input", request.input);
  object.read("labels", labels);
  object.read("preprocess", request.preprocessing.preset);
  object.read("resize", request.preprocessing.resize);
  object.read("channels", request.preprocessing.order);
  object.read("layout", request.layout);
  object.read("mean", request.preprocessing.mean);
  object.read("std", request.preprocessing.std);
  object.read("scale", request.preprocessing.scale);
  object.read("copies", request.copies, 1, most_copies);
  if (!request.layout.empty() && request.layout != "nchw" && request.layout != "nhwc")
    object.fail("layout", "nchw or nhwc");
  if (object.failure()) return *object.failure();
  request.labels = labels;
  return request;
}

Result<AnswerCounts> evaluate(ExecutionContext& context, PreparedInputs& inputs, std::size_t from,
                              Nanoseconds longest, const Clock& clock,
                              const std::function<bool()>& stop_asked) {
  AnswerCounts counts;
  const std::size_t batch = inputs.set()->batch();
  const Instant begin = clock.now();
  while (from + counts.pictures < inputs.pictures()) {
    const auto labels = inputs.stage(from + counts.pictures);
    if (!labels) return labels.error();
    if (auto loaded = context.load(InputSet::staged); !loaded) return loaded.error();
    if (auto computed = context.compute(); !computed) return computed.error();
    if (auto unloaded = context.unload(); !unloaded) return unloaded.error();
    if (auto counted = count_answers(context.output(), batch, *labels, counts); !counted)
      return counted.error();
    if (clock.now() - begin >= longest || stop_asked()) break;
  }
  return counts;
}

}  // namespace layerwatt
