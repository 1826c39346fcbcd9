// SPDX-License-Identifier: Apache-2.0
// Text and parsing of the undo journal; see journal.h. Trusts nothing that it reads.
#include "controls/journal.h"

#include <charconv>
#include <string_view>

namespace layerwatt {

namespace {

constexpr std::string_view title = "layerwatt undo journal 1";
constexpr std::size_t most_changes = 1000;

// "word rest of the line", line by line.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_{text} {}
  // Empty at the end, and for a last line without its end.
  std::optional<std::string_view> next() {
    const auto end = text_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    ++number_;
    return line;
  }
  [[nodiscard]] bool at_end() const { return text_.empty(); }
  [[nodiscard]] int number() const { return number_; }

 private:
  std::string_view text_;
  int number_ = 0;
};

std::string_view take_word(std::string_view& line) {
  const auto blank = line.find(' ');
  const std::string_view word = line.substr(0, blank);
  line = blank == std::string_view::npos ? std::string_view{} : line.substr(blank + 1);
  return word;
}

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool is_plain(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  return !text.empty() && text.size() <= 4096;
}

// "set BEFORE AFTER FILE" or "keep BEFORE FILE".
std::optional<Change> change_of(std::string_view word, std::string_view rest) {
  Change change;
  change.before = take_word(rest);
  change.after = word == "keep" ? change.before : std::string{take_word(rest)};
  change.file = std::string{rest};
  if (!is_setting(change.before) || !is_setting(change.after)) return std::nullopt;
  if (!is_plain(rest) || !is_control_file(change.file)) return std::nullopt;
  return change;
}

class Parser {
 public:
  Parser(const std::string& text, const std::string& where) : lines_{text}, where_{where} {}

  Result<Journal> run() {
    const auto first = lines_.next();
    if (!first || *first != title) return wrong("expected \"" + std::string{title} + "\"");
    for (auto line = lines_.next(); line; line = lines_.next()) {
      const std::string_view word = take_word(*line);
      if (word == "end") return finish(*line);
      if (!take(word, *line)) return wrong("it is not a line that layerwatt writes");
    }
    return wrong("the end is missing: it was cut short");
  }

 private:
  bool take(std::string_view word, std::string_view rest) {
    if (word == "set" || word == "keep") {
      auto change = change_of(word, rest);
      if (!change || journal_.changes.size() >= most_changes) return false;
      journal_.changes.push_back(std::move(*change));
      return true;
    }
    if (!is_plain(rest)) return false;
    if (word == "boot")
      journal_.boot = rest;
    else if (word == "sysroot")
      journal_.sysroot = rest;
    else if (const auto owner = whole_number(rest); word == "owner" && owner)
      journal_.owner = *owner;
    else
      return false;
    return true;
  }

  Result<Journal> finish(std::string_view rest) {
    const auto count = whole_number(rest);
    if (!count || static_cast<std::size_t>(*count) != journal_.changes.size() || !lines_.at_end())
      return wrong("lines are missing or too many");
    if (journal_.boot.empty() || journal_.sysroot.empty()) return wrong("boot or sysroot is missing");
    return std::move(journal_);
  }

  [[nodiscard]] Error wrong(const std::string& why) const {
    return Error{Errc::malformed, where_,
                 "is no undo journal that can be followed (line " + std::to_string(lines_.number()) + ": " +
                     why + "); nothing was put back. Look at it, set by hand what it names, and remove it"};
  }

  Lines lines_;
  std::string where_;
  Journal journal_;
};

}  // namespace

std::string boot_of(const Machine& machine) {
  const auto boot = machine.read("/proc/sys/kernel/random/boot_id");
  return boot && is_setting(*boot) ? *boot : "unknown";
}

std::string sysroot_of(const Machine& machine) {
  std::error_code ignored;
  const auto root = std::filesystem::weakly_canonical(machine.locate("/"), ignored);
  return root.empty() ? machine.locate("/").string() : root.string();
}

std::string journal_text(const Journal& journal) {
  std::string text{title};
  text += "\nboot " + journal.boot + "\nowner " + std::to_string(journal.owner) + "\nsysroot " +
          journal.sysroot + "\n";
  for (const Change& change : journal.changes)
    text += (change.before == change.after ? "keep " + change.before
                                           : "set " + change.before + " " + change.after) +
            " " + change.file.string() + "\n";
  return text + "end " + std::to_string(journal.changes.size()) + "\n";
}

Result<Journal> parse_journal(const std::string& text, const std::string& where) {
  return Parser{text, where}.run();
}

std::filesystem::path journal_folder(const char* xdg_state_home, const char* home, bool is_root) {
  if (xdg_state_home != nullptr && *xdg_state_home == '/')
    return std::filesystem::path{xdg_state_home} / "layerwatt";
  if (is_root) return journal_folder_of_root;
  if (home != nullptr && *home == '/') return std::filesystem::path{home} / ".local/state/layerwatt";
  return {};
}

}  // namespace layerwatt
