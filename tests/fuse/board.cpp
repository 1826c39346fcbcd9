// SPDX-License-Identifier: Apache-2.0
// layerwatt_fuse_board CHIP MOUNTPOINT [options of FUSE]: the files of a Jetson Nano, computed as they are
// read. Each value takes the 300 us of an I2C bus, and on one bus reads wait for each other. CHIP:
//   counting             power counts up by a step with every read: who got an old one is found out
//   triggered:LOG        a chip in real time, chip.h, as NVIDIA's driver ina3221x shows it (L4T 32,
//   Linux 4.9, averaging:LOG        drivers/staging/iio/meter/ina3221.c) cycle:LOG            the same as
//   Linux' hwmon driver shows it: with L4T's there is no file that says that
//                        averaging is off
// Unlike a recorded tree it has the time, and unlike tests/kernel the driver, of a Nano.
#define FUSE_USE_VERSION 312
#include <fuse.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "chip.h"

namespace {

using namespace fuse_board;

using Constants = std::map<std::string, std::string>;

struct Board {
  Constants constants;
  // Values that take the bus; it is held meanwhile.
  std::map<std::string, std::function<int()>> values;
  std::mutex bus;
};

Board board;

const std::array<std::string, rail_count> rails{"POM_5V_IN", "POM_5V_GPU", "POM_5V_CPU"};

// A NUL ends each string of a device tree.
void add_machine() {
  board.constants["/proc/device-tree/model"] = std::string{"NVIDIA Jetson Nano Developer Kit\0", 33};
  board.constants["/proc/device-tree/compatible"] = std::string{"nvidia,p3450-0000\0nvidia,tegra210\0", 34};
}

using Milliamperes = std::function<int(std::size_t rail)>;

void add_l4t_files(bool triggered, const Milliamperes& current) {
  const std::string folder = "/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/";
  board.constants[folder + "running_mode"] = triggered ? "0\n" : "1\n";
  for (std::size_t rail = 0; rail < rail_count; ++rail) {
    const std::string number = std::to_string(rail);
    board.constants[folder + "rail_name_" + number] = rails[rail] + "\n";
    board.constants[folder + "in_voltage" + number + "_input"] = std::to_string(millivolts) + "\n";
    board.values[folder + "in_power" + number + "_input"] = [=] { return current(rail) * millivolts / 1000; };
  }
}

// Power is the product of two reads there.
void add_hwmon_files(const Milliamperes& current) {
  const std::string folder = "/sys/bus/i2c/drivers/ina3221/6-0040/hwmon/hwmon1/";
  board.constants[folder + "name"] = "ina3221\n";
  board.constants[folder + "samples"] = "1\n";
  board.constants[folder + "update_interval"] = "1\n";
  for (std::size_t rail = 0; rail < rail_count; ++rail) {
    const std::string number = std::to_string(rail + 1);
    board.constants[folder + "in" + number + "_label"] = rails[rail] + "\n";
    board.constants[folder + "in" + number + "_enable"] = "1\n";
    board.constants[folder + "shunt" + number + "_resistor"] = "5000\n";
    board.values[folder + "curr" + number + "_input"] = [=] { return current(rail); };
    board.values[folder + "in" + number + "_input"] = [] {
      sleep_until_raw(raw_clock() + transfer);
      return millivolts;
    };
  }
}

int counted(std::size_t /*rail*/) {
  static int readings = 0;
  sleep_until_raw(raw_clock() + transfer);
  return ++readings * step_milliamperes;
}

// False: there is no such chip, or its log cannot be written.
bool add_chip(const std::string& text) {
  if (text == "counting") {
    add_l4t_files(false, counted);
    return true;
  }
  const std::map<std::string, Mode> modes{
      {"triggered", Mode::triggered}, {"cycle", Mode::cycle}, {"averaging", Mode::averaging}};
  const auto colon = text.find(':');
  const auto mode = modes.find(text.substr(0, colon));
  if (colon == std::string::npos || mode == modes.end()) return false;
  std::FILE* log = std::fopen(text.c_str() + colon + 1, "w");
  if (log == nullptr) return false;
  const auto chip = std::make_shared<Chip>(mode->second, log);
  const Milliamperes current = [chip](std::size_t rail) { return chip->read(rail); };
  if (mode->second == Mode::cycle)
    add_hwmon_files(current);
  else
    add_l4t_files(mode->second == Mode::triggered, current);
  return true;
}

// Names in a folder; empty where there is no such folder.
std::set<std::string> entries(const std::string& folder) {
  const std::string start = folder == "/" ? folder : folder + "/";
  std::set<std::string> names;
  const auto add = [&](const std::string& path) {
    if (path.compare(0, start.size(), start) != 0) return;
    names.insert(path.substr(start.size(), path.find('/', start.size()) - start.size()));
  };
  for (const auto& [path, text] : board.constants) add(path);
  for (const auto& [path, read] : board.values) add(path);
  return names;
}

bool is_file(const std::string& path) {
  return board.constants.count(path) != 0 || board.values.count(path) != 0;
}

int attributes(const char* path, struct stat* result, fuse_file_info*) {
  *result = {};
  if (is_file(path)) {
    result->st_mode = S_IFREG | 0444;
    result->st_size = 4096;  // as sysfs says
    result->st_nlink = 1;
    return 0;
  }
  if (entries(path).empty()) return -ENOENT;
  result->st_mode = S_IFDIR | 0555;
  result->st_nlink = 2;
  return 0;
}

int list(const char* path, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info*, fuse_readdir_flags) {
  const auto names = entries(path);
  if (names.empty()) return -ENOENT;
  for (const std::string& name : names) fill(buffer, name.c_str(), nullptr, 0, fuse_fill_dir_flags{});
  return 0;
}

int open_file(const char* path, fuse_file_info* file) {
  if (!is_file(path)) return -ENOENT;
  file->direct_io = 1;  // every read comes here, whatever st_size says
  return 0;
}

std::string content(const std::string& path) {
  const auto value = board.values.find(path);
  if (value == board.values.end()) return board.constants.at(path);
  const std::lock_guard lock{board.bus};
  return std::to_string(value->second()) + "\n";
}

int read_file(const char* path, char* buffer, size_t size, off_t offset, fuse_file_info*) {
  if (offset != 0) return 0;
  const std::string text = content(path);
  const size_t length = std::min(size, text.size());
  std::memcpy(buffer, text.data(), length);
  return static_cast<int>(length);
}

}  // namespace

int main(int count, char** arguments) {
  add_machine();
  if (count < 3 || !add_chip(arguments[1])) {
    std::fprintf(stderr, "usage: %s counting|triggered:LOG|cycle:LOG|averaging:LOG MOUNTPOINT\n",
                 arguments[0]);
    return 2;
  }
  arguments[1] = arguments[0];  // the rest is FUSE's
  fuse_operations operations{};
  operations.getattr = attributes;
  operations.readdir = list;
  operations.open = open_file;
  operations.read = read_file;
  return fuse_main(count - 1, arguments + 1, &operations, nullptr);
}
