// SPDX-License-Identifier: Apache-2.0
// The report for people: summary, table of layers, notes. Fits Style::columns; without colour or UTF-8
// nothing but looks is lost.
#include <ostream>

#include "report/layer_table.h"
#include "report/module_table.h"
#include "report/report.h"
#include "report/summary.h"
#include "report/text.h"

namespace layerwatt {

namespace {

constexpr int narrowest = 60;

void write(const Profile& profile, const Style& wanted, std::ostream& out) {
  Style style = wanted;
  if (style.columns < narrowest) style.columns = narrowest;
  out << summary_of(profile, style) << "\n" << layer_table(profile, style);
  if (const std::string modules = module_table(profile, style); !modules.empty()) out << "\n" << modules;
  if (profile.notes.empty()) return;
  out << "\n " << painted(Ink::strong, "Notes", style) << "\n";
  const std::string_view point = style.utf8 ? "·" : "-";
  for (const std::string& note : profile.notes)
    out << " " << point << " "
        << wrapped(printable(note, style), static_cast<std::size_t>(style.columns) - 3, 3) << "\n";
}

}  // namespace

extern const ReportDriver terminal_driver;
const ReportDriver terminal_driver{"terminal", "for people: summary, layers with bars, notes", write};

}  // namespace layerwatt
