// SPDX-License-Identifier: Apache-2.0
// Quantities that cannot be mixed by accident: electrical units as distinct types, and only the products
// that physics allows. Time is std::chrono nanoseconds.
#pragma once
#include <chrono>
#include <compare>

namespace layerwatt {

using Nanoseconds = std::chrono::nanoseconds;

// A number in its SI base unit. Explicit to make; adds, scales and divides only with its own kind.
template <class Tag>
class Quantity {
 public:
  constexpr Quantity() = default;
  explicit constexpr Quantity(double si) : si_{si} {}
  [[nodiscard]] constexpr double value() const { return si_; }  // SI base unit
  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity{a.si_ + b.si_}; }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity{a.si_ - b.si_}; }
  friend constexpr Quantity operator-(Quantity a) { return Quantity{-a.si_}; }
  friend constexpr Quantity operator*(Quantity a, double k) { return Quantity{a.si_ * k}; }
  friend constexpr Quantity operator*(double k, Quantity a) { return a * k; }
  friend constexpr Quantity operator/(Quantity a, double k) { return Quantity{a.si_ / k}; }
  friend constexpr double operator/(Quantity a, Quantity b) { return a.si_ / b.si_; }
  constexpr Quantity& operator+=(Quantity b) {
    si_ += b.si_;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity b) {
    si_ -= b.si_;
    return *this;
  }

 private:
  double si_ = 0;
};

using Volts = Quantity<struct VoltsTag>;
using Amperes = Quantity<struct AmperesTag>;
using Ohms = Quantity<struct OhmsTag>;
using Watts = Quantity<struct WattsTag>;
using Joules = Quantity<struct JoulesTag>;
using Celsius = Quantity<struct CelsiusTag>;
using Hertz = Quantity<struct HertzTag>;

constexpr double seconds(Nanoseconds t) { return std::chrono::duration<double>(t).count(); }
constexpr double microseconds(Nanoseconds t) { return static_cast<double>(t.count()) * 1e-3; }
// Rounded to the nearest nanosecond; |s| must be below 292 years.
constexpr Nanoseconds from_seconds(double s) {
  return Nanoseconds{static_cast<Nanoseconds::rep>(s * 1e9 + (s < 0 ? -0.5 : 0.5))};
}
constexpr Watts operator*(Volts u, Amperes i) { return Watts{u.value() * i.value()}; }
constexpr Watts operator*(Amperes i, Volts u) { return u * i; }
constexpr Joules operator*(Watts p, Nanoseconds t) { return Joules{p.value() * seconds(t)}; }
constexpr Joules operator*(Nanoseconds t, Watts p) { return p * t; }
constexpr Watts operator/(Joules e, Nanoseconds t) { return Watts{e.value() / seconds(t)}; }
constexpr Amperes operator/(Volts u, Ohms r) { return Amperes{u.value() / r.value()}; }

namespace literals {
constexpr Watts operator""_W(long double v) { return Watts{static_cast<double>(v)}; }
constexpr Joules operator""_J(long double v) { return Joules{static_cast<double>(v)}; }
constexpr Volts operator""_V(long double v) { return Volts{static_cast<double>(v)}; }
constexpr Amperes operator""_A(long double v) { return Amperes{static_cast<double>(v)}; }
}  // namespace literals

}  // namespace layerwatt
