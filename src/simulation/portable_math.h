// SPDX-License-Identifier: Apache-2.0
// Elementary functions made of + - * / and square root only, which IEEE 754 defines to the last bit. The
// C library's differ between libraries, and within one between processors; a simulation that must give the
// same readings everywhere cannot use them.
#pragma once

namespace layerwatt::simulation {

double portable_exp(double x);  // |x| < 700; relative error < 1e-15
double portable_log(double x);  // x > 0 and normal; absolute error < 1e-15 for x in (0.5, 2)
// Sine of a full turn times `turns`; |turns| < 2^51; absolute error < 1e-12.
double portable_sine(double turns);
// The x with P(X < x) = p of a standard normal X, 0 < p < 1. Algorithm AS 241 (Wichura 1988), PPND16.
double normal_quantile(double p);

}  // namespace layerwatt::simulation
