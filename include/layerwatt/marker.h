/* SPDX-License-Identifier: Apache-2.0
 * Marks: say from any C or C++ program what is running, so that `layerwatt record` can say what it costs.
 *   lw_begin(lw_name("conv1")); ... lw_end(lw_name("conv1"));
 */
#ifndef LAYERWATT_MARKER_H
#define LAYERWATT_MARKER_H
#endif
