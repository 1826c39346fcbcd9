// SPDX-License-Identifier: Apache-2.0
// For tests: what Linux' hwmon driver does with the settings of one INA3221, from reading
// drivers/hwmon/ina3221.c of Linux 5.10 and 6.1. Rounding and order are the driver's; it was not run here.
#pragma once
#include <array>
#include <cstdlib>
#include <string>

#include "controls/control.h"

namespace layerwatt {

enum class Kernel {
  linux_5_10,  // update_interval counts the samples
  linux_6_1    // it does not when it is read, but is divided by them when it is written
};

class EmulatedIna3221 final : public SettingFiles {
 public:
  inline static const std::filesystem::path directory{"/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3"};
  static constexpr std::array<long, 8> conversions{140, 204, 332, 588, 1100, 2116, 4156, 8244};
  static constexpr std::array<long, 8> averagings{1, 4, 16, 64, 128, 256, 512, 1024};

  struct Registers {
    std::array<bool, 3> enabled{true, true, true};
    long samples = 1, conversion = 1100;
    bool operator==(const Registers&) const = default;
  };

  EmulatedIna3221(Kernel kernel, Registers set) : registers{set}, kernel_{kernel} {}

  [[nodiscard]] Result<std::string> read(const std::filesystem::path& file) const override {
    const std::string name = file.filename();
    if (name == "samples") return std::to_string(registers.samples);
    if (name == "update_interval") return std::to_string(interval());
    return std::string{registers.enabled[channel_of(name)] ? "1" : "0"};
  }
  [[nodiscard]] Result<void> may_write(const std::filesystem::path&) const override { return {}; }
  Result<void> write(const std::filesystem::path& file, const std::string& value) override {
    const std::string name = file.filename();
    const long number = std::stol(value);
    if (name == "samples") {
      registers.samples = closest(averagings, number);
    } else if (name == "update_interval") {
      if (channels() == 0) return Error{Errc::io, name, "the driver would divide by zero"};
      registers.conversion = closest(conversions, rounded(number * 1000 / 2, channels() * registers.samples));
    } else {
      registers.enabled[channel_of(name)] = number != 0;
    }
    return {};
  }

  // The files that say all this, for those who look at a machine.
  [[nodiscard]] std::array<std::string, 5> names() const {
    return {"samples", "update_interval", "in1_enable", "in2_enable", "in3_enable"};
  }

  Registers registers;

 private:
  static std::size_t channel_of(const std::string& name) { return static_cast<std::size_t>(name[2] - '1'); }
  static long rounded(long a, long b) { return (a + b / 2) / b; }
  // find_closest() of the kernel: to the lower one up to the middle, which it rounds down.
  static long closest(const std::array<long, 8>& values, long wanted) {
    std::size_t i = 0;
    while (i + 1 < values.size() && wanted > (values[i] + values[i + 1]) / 2) ++i;
    return values[i];
  }
  [[nodiscard]] long channels() const {
    return long{registers.enabled[0]} + long{registers.enabled[1]} + long{registers.enabled[2]};
  }
  [[nodiscard]] long interval() const {
    const long counted = kernel_ == Kernel::linux_5_10 ? registers.samples : 1;
    return rounded(channels() * 2 * registers.conversion * counted, 1000);
  }
  Kernel kernel_;
};

}  // namespace layerwatt
