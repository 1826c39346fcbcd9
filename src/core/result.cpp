// SPDX-License-Identifier: Apache-2.0
// From errno to our error codes: one table for the whole program. What the INA3221 and other hwmon drivers
// return is listed in the kernel's Documentation/hwmon and drivers/hwmon sources.
#include "core/result.h"

#include <cerrno>
#include <system_error>

namespace layerwatt {

namespace {

Errc code_of(int errno_value) {
  switch (errno_value) {
    case ENOENT:
    case ENOTDIR: return Errc::not_found;
    case EACCES:
    case EPERM:
    case EROFS: return Errc::permission;
    case EAGAIN:
    case EBUSY:
    case EINTR: return Errc::busy;
    case ETIMEDOUT: return Errc::timeout;
    case ENODEV:
    case ENODATA:
    case ENXIO:
    case ESRCH:
    case EPIPE:
    case ECONNRESET: return Errc::gone;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return Errc::full;
    case EEXIST: return Errc::exists;
    case EOPNOTSUPP:
    case ENOSYS: return Errc::unsupported;
    default: return Errc::io;
  }
}

}  // namespace

Error system_error(int errno_value, std::string where, const std::string& what) {
  return Error{code_of(errno_value), std::move(where),
               what + ": " + std::generic_category().message(errno_value)};
}

}  // namespace layerwatt
