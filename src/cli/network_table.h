// SPDX-License-Identifier: Apache-2.0
// The layers of a network as a table for people, and as CSV for programs. What the figures count:
// docs/networks.md.
#pragma once
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "networks/network.h"
#include "report/report.h"

namespace layerwatt {

void print_network(const Network& network, const Style& style, std::ostream& out);
void write_network_csv(const Network& network, std::ostream& out);

// 1234567 -> "1.23 M"; "?" for what is not known.
std::string scaled_count(const std::optional<std::int64_t>& count);

}  // namespace layerwatt
