// SPDX-License-Identifier: Apache-2.0
// A value, or the reason there is none. Member names follow std::expected so that Result can become an
// alias of it once every supported compiler has it.
#pragma once
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace layerwatt {

enum class Errc {
  not_found,    // no such file, layer, model, sensor
  permission,   // exists, but this user may not
  unsupported,  // understood, but not possible here
  io,           // the system refused a read or write
  malformed,    // the input is not what it claims to be
  busy,         // try again now (EAGAIN)
  timeout,      // try again later (ETIMEDOUT)
  gone,         // the device or process left (ENODEV, ENODATA, end of file)
  full,         // no space left on the device
  exists,       // would overwrite something
  crashed,      // a child process ended by a signal
};

struct Error {
  Errc code;
  std::string where;   // path, symbol or option that failed
  std::string detail;  // what was expected, what was seen, what the user can do
};

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = Error;
  Result(T made) : state_{std::in_place_index<0>, std::move(made)} {}
  Result(Error error) : state_{std::in_place_index<1>, std::move(error)} {}
  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }
  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }
  template <class U>
  [[nodiscard]] T value_or(U&& other) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(other));
  }
  template <class F>
  auto and_then(F&& f) const& -> std::invoke_result_t<F, const T&> {
    if (!has_value()) return error();
    return std::forward<F>(f)(value());
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  using error_type = Error;
  Result() = default;
  Result(Error error) : error_{std::move(error)} {}
  [[nodiscard]] bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  [[nodiscard]] const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

// The Error for an errno value: EACCES is permission, EAGAIN busy, ENODEV gone, ... `what` says what was
// being done ("reading", "opening"). Defined in result.cpp.
Error system_error(int errno_value, std::string where, const std::string& what);

}  // namespace layerwatt
