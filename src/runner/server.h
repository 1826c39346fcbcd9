// SPDX-License-Identifier: Apache-2.0
// Answers the requests of runner/protocol.h. A request that makes no sense gets an error for an answer; so
// does one that throws. Only a crash or a hang ends the talk early, and those the parent notices.
#pragma once
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/machine.h"
#include "engines/engine.h"
#include "inputs/prepared_inputs.h"
#include "runner/control.h"
#include "runner/runner_marks.h"

namespace layerwatt {

class Server {
 public:
  // `hook_folder`: where our plug-ins for engines lie.
  Server(const Machine& machine, std::span<const EngineDriver* const> drivers,
         std::filesystem::path hook_folder)
      : machine_{machine}, drivers_{drivers}, hook_folder_{std::move(hook_folder)} {}
  // Until "quit" or the other side closes.
  void serve(Control& control);

 private:
  using Answer = Result<nlohmann::json>;
  Answer answer(const std::string& line, Control& control);
  Answer dispatch(const nlohmann::json& request, Control& control);
  Answer describe(const nlohmann::json& request);
  Answer list_zoo();
  Answer make_network(const nlohmann::json& request);
  static Answer convert(const nlohmann::json& request);
  static Answer extract(const nlohmann::json& request);
  static Answer series(const nlohmann::json& request);
  static Answer write_pictures(const nlohmann::json& request);
  Answer list_engines();
  Answer open(const nlohmann::json& request);
  Answer run(const nlohmann::json& request, Control& control);
  Answer evaluate_pictures(const nlohmann::json& request, Control& control);
  Answer output();
  Answer end_block();

  const Machine& machine_;
  std::span<const EngineDriver* const> drivers_;
  std::filesystem::path hook_folder_;
  std::optional<PreparedInputs> inputs_;  // that engine_ copies from
  std::uint64_t next_input_ = 0;          // goes on from run to run, so that every picture gets its turn
  std::unique_ptr<Engine> engine_;
  std::vector<std::unique_ptr<ExecutionContext>> contexts_;  // of engine_, one for each in flight
  std::vector<RunnerMarks> marks_;                           // of contexts_, once they ran marked
  bool quit_ = false;
};

}  // namespace layerwatt
