// SPDX-License-Identifier: Apache-2.0
// Settings as files below a machine's /sys; see control.h. The only place where layerwatt writes to a
// machine.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "controls/control.h"
#include "core/descriptor.h"

namespace layerwatt {

namespace {

using std::filesystem::path;

bool lies_below(const path& file, const path& folder) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end();
}

}  // namespace

Result<std::string> MachineSettings::read(const path& file) const { return machine_.read(file); }

// /sys/bus/i2c/drivers is full of links into /sys/devices: where they end is what counts.
Result<path> MachineSettings::place_of(const path& file) const {
  if (!is_control_file(file))
    return Error{Errc::unsupported, file.string(), "is no setting that layerwatt changes"};
  std::error_code failure;
  const path tree = std::filesystem::canonical(machine_.locate("/sys"), failure);
  if (failure) return system_error(failure.value(), machine_.locate("/sys").string(), "finding");
  path place = std::filesystem::canonical(machine_.locate(file), failure);
  if (failure) return system_error(failure.value(), machine_.locate(file).string(), "finding");
  if (!lies_below(place, tree))
    return Error{Errc::unsupported, machine_.locate(file).string(), "leads out of /sys"};
  return place;
}

Result<void> MachineSettings::may_write(const path& file) const {
  const auto place = place_of(file);
  if (!place) return place.error();
  if (::faccessat(AT_FDCWD, place->c_str(), W_OK, AT_EACCESS) != 0)
    return system_error(errno, machine_.locate(file).string(), "looking whether it may be written");
  return {};
}

Result<void> MachineSettings::write(const path& file, const std::string& value) {
  const auto place = place_of(file);
  if (!place) return place.error();
  const std::string where = machine_.locate(file).string();
  const Descriptor opened{::open(place->c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW)};
  if (opened.get() < 0) return system_error(errno, where, "opening for writing");
  const std::string line = value + "\n";
  const ssize_t written = ::write(opened.get(), line.data(), line.size());
  if (written < 0) return system_error(errno, where, "writing " + value);
  if (static_cast<std::size_t>(written) != line.size())
    return Error{Errc::io, where, "took only a part of " + value};
  // A tree of plain files keeps what was longer; sysfs has no length and does not mind.
  [[maybe_unused]] const int cut = ::ftruncate(opened.get(), written);
  return {};
}

}  // namespace layerwatt
