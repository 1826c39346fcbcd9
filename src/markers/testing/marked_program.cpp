// SPDX-License-Identifier: Apache-2.0
// The C++ half of marked_program.c.
#include <layerwatt/marker.h>

extern "C" void mark_from_cplusplus() { const lw_scope scope{lw_name("c++")}; }
