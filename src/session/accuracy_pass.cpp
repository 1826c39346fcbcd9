// SPDX-License-Identifier: Apache-2.0
// See accuracy_pass.h; what is said: runner/protocol.h.
#include "session/accuracy_pass.h"

#include <array>
#include <nlohmann/json.hpp>

namespace layerwatt {

using nlohmann::json;

namespace {

// Relative to where the user is; the runner has a folder of its own.
std::string whole_path(const std::filesystem::path& path) {
  return path.empty() ? std::string{} : std::filesystem::absolute(path).string();
}

}  // namespace

json to_json(const InputOptions& input) {
  const bool is_made = input.input == "random" || input.input == "black" || input.input == "white" ||
                       input.input == "gradient";
  json made{{"input", is_made ? input.input : whole_path(input.input)},
            {"labels", whole_path(input.labels)},
            {"preprocess", input.preprocessing},
            {"resize", input.resize},
            {"channels", input.order},
            {"layout", input.layout},
            {"mean", input.mean},
            {"std", input.std},
            {"copies", input.copies}};
  if (input.scale) made["scale"] = *input.scale;
  return made;
}

Result<std::map<std::string, std::string>> count_right_answers(RunnerProcess& runner,
                                                               const std::atomic<bool>* interrupted,
                                                               const std::function<void(double)>& show) {
  constexpr std::array names{"pictures", "top1", "top5", "not_finite"};
  const Error wrong{Errc::malformed, "layerwatt-runner",
                    "its counts of answers are not what the protocol says"};
  std::array<std::int64_t, names.size()> sums{};
  std::int64_t next = 0, all = 1, classes = 0;
  while (next < all) {
    if (interrupted != nullptr && *interrupted) return std::map<std::string, std::string>{};
    // Not given up for Ctrl-C: that would kill the runner, and a second can be waited for.
    const json request{
        {"do", "evaluate"}, {"from", next}, {"max_ns", Nanoseconds{std::chrono::seconds{1}}.count()}};
    const auto answer = runner.ask(request);
    if (!answer) return answer.error();
    const auto number = [&answer](const char* name) {
      const auto found = answer->find(name);
      const bool good = found != answer->end() && found->is_number_integer();
      const std::int64_t value = good ? found->get<std::int64_t>() : -1;
      return value <= std::int64_t{1} << 40 ? value : -1;
    };
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::int64_t value = number(names[i]);
      if (value < 0) return wrong;
      sums[i] += value;
    }
    classes = number("classes");
    all = number("pictures_in_all");
    next += number("pictures");
    if (classes < 0 || all < 1 || number("pictures") == 0) return wrong;
    show(static_cast<double>(next) / static_cast<double>(all));
  }
  std::map<std::string, std::string> counts{{"accuracy.classes", std::to_string(classes)}};
  for (std::size_t i = 0; i < names.size(); ++i)
    counts[std::string{"accuracy."} + names[i]] = std::to_string(sums[i]);
  return counts;
}

}  // namespace layerwatt
