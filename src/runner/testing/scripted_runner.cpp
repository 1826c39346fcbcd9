// SPDX-License-Identifier: Apache-2.0
// layerwatt-runner as it is, with the scripted engine only: for tests of the parent's side.
#include "runner/child.h"
#include "runner/testing/scripted_engine.h"

int main() {
  static constexpr const layerwatt::EngineDriver* drivers[] = {&layerwatt::scripted_engine_driver};
  return layerwatt::run_as_child(drivers);
}
