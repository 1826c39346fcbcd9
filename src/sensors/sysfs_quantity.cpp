// SPDX-License-Identifier: Apache-2.0
// Numbers, labels and reasons; see sysfs_quantity.h.
#include "sensors/sysfs_quantity.h"

#include <algorithm>

namespace layerwatt::sysfs {

namespace {

constexpr long long largest_microwatts = 1'000'000'000'000;  // 1 MW: more than any rack

std::string remedy_for(const Error& error) {
  switch (error.code) {
    case Errc::permission: return to_be_allowed(error.where);
    case Errc::gone: return "the kernel's driver has no value; see that the device is switched on";
    case Errc::malformed:
    case Errc::io: return "this is not what the kernel's driver writes; look at " + error.where;
    default: return "look at " + error.where;
  }
}

}  // namespace

std::string to_be_allowed(const std::string& file) {
  return "run as root, or until the next boot: sudo chmod a+r " + file +
         " (every user can then see power, and guess from it what others compute)";
}

Result<Watts> watts_from_microwatts(long long value, const std::string& where) {
  if (value < -largest_microwatts || value > largest_microwatts)
    return Error{Errc::malformed, where, "out of range: more than 1 MW"};
  return Watts{static_cast<double>(value) * 1e-6};
}

Result<Joules> joules_from_microjoules(long long value, const std::string& where) {
  if (value < 0) return Error{Errc::malformed, where, "out of range: a counter of energy below zero"};
  return Joules{static_cast<double>(value) * 1e-6};
}

bool is_label(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

Skipped skipped(const std::string& what, const Error& error) {
  return Skipped{what, error.where + ": " + error.detail, remedy_for(error)};
}

bool passes(const Error& error) { return error.code == Errc::busy || error.code == Errc::timeout; }

}  // namespace layerwatt::sysfs
