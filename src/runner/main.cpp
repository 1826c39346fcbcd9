// SPDX-License-Identifier: Apache-2.0
// layerwatt-runner: the child of layerwatt that opens networks and engines, so that neither can hurt a
// measurement.
#include "runner/child.h"

int main() { return layerwatt::run_as_child(layerwatt::engine_drivers()); }
