// SPDX-License-Identifier: Apache-2.0
// layerwatt_fuse_board MOUNTPOINT: the files of a Jetson Nano with L4T 32, as NVIDIA's driver ina3221x shows
// them (drivers/staging/iio/meter/ina3221.c, Linux 4.9). A reading is made when it is asked for and takes 300
// us; power counts up by a step with every reading, so that a reader that got an old one is found out. One
// bus: reads wait for each other. Unlike a recorded tree it has the time, and unlike tests/kernel the driver,
// of a Nano.
#define FUSE_USE_VERSION 312
#include <fuse.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace {

constexpr std::chrono::microseconds transfer{300};
constexpr int step_milliwatts = 40;  // 8 mA x 5 V

const std::string chip = "/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0";

struct Board {
  std::mutex bus;
  int readings = 0;

  // What changes with time; the bus is held meanwhile.
  std::string power() {
    const std::lock_guard lock{bus};
    std::this_thread::sleep_for(transfer);
    return std::to_string(++readings * step_milliwatts) + "\n";
  }
};

Board board;

// A NUL ends each string of a device tree.
const std::map<std::string, std::string> constants{
    {chip + "/rail_name_0", "POM_5V_IN\n"},
    {chip + "/rail_name_1", "POM_5V_GPU\n"},
    {chip + "/rail_name_2", "POM_5V_CPU\n"},
    {chip + "/running_mode", "1\n"},
    {chip + "/in_voltage0_input", "5000\n"},
    {chip + "/in_voltage1_input", "5000\n"},
    {chip + "/in_voltage2_input", "5000\n"},
    {"/proc/device-tree/model", std::string{"NVIDIA Jetson Nano Developer Kit\0", 33}},
    {"/proc/device-tree/compatible", std::string{"nvidia,p3450-0000\0nvidia,tegra210\0", 34}}};
const std::set<std::string> powers{chip + "/in_power0_input", chip + "/in_power1_input",
                                   chip + "/in_power2_input"};

// Names in a folder; empty where there is no such folder.
std::set<std::string> entries(const std::string& folder) {
  const std::string start = folder == "/" ? folder : folder + "/";
  std::set<std::string> names;
  const auto add = [&](const std::string& path) {
    if (path.compare(0, start.size(), start) != 0) return;
    names.insert(path.substr(start.size(), path.find('/', start.size()) - start.size()));
  };
  for (const auto& [path, text] : constants) add(path);
  for (const std::string& path : powers) add(path);
  return names;
}

bool is_file(const std::string& path) { return constants.count(path) != 0 || powers.count(path) != 0; }

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

int read_file(const char* path, char* buffer, size_t size, off_t offset, fuse_file_info*) {
  if (offset != 0) return 0;
  const auto constant = constants.find(path);
  const std::string text = constant != constants.end() ? constant->second : board.power();
  const size_t length = std::min(size, text.size());
  std::memcpy(buffer, text.data(), length);
  return static_cast<int>(length);
}

}  // namespace

int main(int argc, char** argv) {
  fuse_operations operations{};
  operations.getattr = attributes;
  operations.readdir = list;
  operations.open = open_file;
  operations.read = read_file;
  return fuse_main(argc, argv, &operations, nullptr);
}
