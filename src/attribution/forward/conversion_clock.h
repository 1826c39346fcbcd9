// SPDX-License-Identifier: Apache-2.0
// The sensor's own clock, recovered from jittery read stamps: conversions are periodic, reads are late by a
// varying time. Fits the period and removes most of the jitter (a phase-locked loop, off line).
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace layerwatt::forward {

struct ConversionClock {
  std::vector<std::int64_t> index;  // conversion that each reading shows, counted from the first
  // False for reads so late that the conversion they show is in doubt, and for repeats of one conversion.
  std::vector<bool> reliable;
  std::vector<double> stamp_us;  // de-jittered moment of each reading: conversion + mean lateness
  double period_us = 0;          // of the real oscillator
  double residual_us = 0;        // robust spread of the stamps around the fit
  double deviation_us = 0;       // of the de-jittered stamps' own errors, standard, about
};

// `stamps_us` ascending; `nominal_us`: the data sheet's period, right to within 12 %. Empty when the stamps
// do not follow a clock of about that period (fewer than 20 readings, or a spread of more than a third of
// the period: the reads are not tied to the conversions).
// `near_us`: the real period, about, where it is known better than from the steps between stamps.
std::optional<ConversionClock> fit_conversion_clock(std::span<const double> stamps_us, double nominal_us,
                                                    std::optional<double> near_us = std::nullopt);

}  // namespace layerwatt::forward
