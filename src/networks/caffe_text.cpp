// SPDX-License-Identifier: Apache-2.0
// See caffe_text.h. Escapes in strings are those of C, as the format's specification lists them.
#include "networks/caffe_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

constexpr int deepest_message = 20;
// The largest published networks of this format have some 1000 layers of 20 fields.
constexpr std::size_t most_fields = 2'000'000;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
// What numbers are made of, besides the characters of words.
bool is_scalar(char c) { return is_word(c) || c == '.' || c == '+' || c == '-'; }

class TextParser {
 public:
  TextParser(std::string_view text, const std::string& path) : text_{text}, path_{path} {}

  Result<CaffeMessage> parse() {
    CaffeMessage root;
    root.line = line_;
    if (auto read = fields(root, '\0', 0); !read) return read.error();
    return root;
  }

 private:
  [[nodiscard]] Error malformed(const std::string& what) const {
    return Error{Errc::malformed, path_, fmt::format("is not a prototxt: line {}: {}", line_, what)};
  }

  void skip_space() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
        if (at_ == text_.size()) return;
      } else if (std::isspace(static_cast<unsigned char>(c)) == 0) {
        return;
      }
      if (text_[at_] == '\n') ++line_;
    }
  }

  // The next character that is no space; 0 at the end, which no text contains.
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool take(char c) {
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }

  std::string shown() {
    const char c = peek();
    if (at_ == text_.size()) return "the end of the file";
    return in_quotes(std::string(1, c));
  }

  std::string run_of(bool (*belongs)(char)) {
    const std::size_t from = at_;
    while (at_ < text_.size() && belongs(text_[at_])) ++at_;
    return std::string{text_.substr(from, at_ - from)};
  }

  // Until `closing`, or the end of the file where that is 0.
  Result<void> fields(CaffeMessage& into, char closing, int depth) {
    if (depth > deepest_message)
      return malformed(fmt::format("messages are nested more than {} deep", deepest_message));
    while (true) {
      const char next = peek();
      const bool ended = at_ == text_.size();
      if (ended && closing == '\0') return {};
      if (ended)
        return malformed(fmt::format("the file ends before the '{}' of line {}", closing, into.line));
      if (next == closing) {
        ++at_;
        return {};
      }
      if (auto read = field(into, depth); !read) return read;
      if (!take(';')) take(',');
    }
  }

  Result<void> field(CaffeMessage& into, int depth) {
    if (++count_ > most_fields) return malformed(fmt::format("there are more than {} fields", most_fields));
    if (!is_word(peek())) return malformed("expected the name of a field, found " + shown());
    const std::string name = run_of(is_word);
    const bool colon = take(':');
    if (peek() == '{' || peek() == '<') return message(into, name, depth);
    if (!colon)
      return malformed(fmt::format("expected ':' or '{{' behind {}, found {}", in_quotes(name), shown()));
    if (!take('[')) return scalar(into, name);
    if (take(']')) return {};
    do {
      const bool opens = peek() == '{' || peek() == '<';
      if (++count_ > most_fields) return malformed(fmt::format("there are more than {} fields", most_fields));
      if (auto read = opens ? message(into, name, depth) : scalar(into, name); !read) return read;
    } while (take(','));
    if (!take(']')) return malformed("expected ',' or ']' in a list, found " + shown());
    return {};
  }

  Result<void> message(CaffeMessage& into, const std::string& name, int depth) {
    const char closing = text_[at_++] == '{' ? '}' : '>';
    CaffeField made;
    made.name = name;
    made.line = line_;
    made.message = std::make_unique<CaffeMessage>();
    made.message->line = line_;
    if (auto read = fields(*made.message, closing, depth + 1); !read) return read;
    into.fields.push_back(std::move(made));
    return {};
  }

  Result<void> scalar(CaffeMessage& into, const std::string& name) {
    CaffeField made;
    made.name = name;
    const char first = peek();
    made.line = line_;
    if (first == '"' || first == '\'') {
      // Strings side by side are one.
      while (peek() == '"' || peek() == '\'')
        if (auto read = string(made.value); !read) return read;
    } else {
      if (take('-')) made.value = "-";
      skip_space();
      made.value += run_of(is_scalar);
      if (made.value.empty() || made.value == "-")
        return malformed(fmt::format("expected a value of {}, found {}", in_quotes(name), shown()));
    }
    if (!is_utf8(made.value)) return malformed(fmt::format("the value of {} is not UTF-8", in_quotes(name)));
    into.fields.push_back(std::move(made));
    return {};
  }

  Result<void> string(std::string& into) {
    const char quote = text_[at_++];
    while (at_ < text_.size() && text_[at_] != quote) {
      char c = text_[at_++];
      if (c == '\n') return malformed("a string does not end in its line");
      if (c == '\\') {
        const auto escaped = escape();
        if (!escaped) return escaped.error();
        c = *escaped;
      }
      into.push_back(c);
    }
    if (at_ == text_.size()) return malformed("a string does not end");
    ++at_;
    return {};
  }

  Result<char> escape() {
    if (at_ == text_.size()) return malformed("a string does not end");
    const char c = text_[at_++];
    switch (c) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case '\\':
      case '\'':
      case '"':
      case '?': return c;
      default:
        return malformed("a string has an escape that names of layers do not need: \\" + std::string(1, c));
    }
  }

  std::string_view text_;
  const std::string& path_;
  std::size_t at_ = 0, line_ = 1, count_ = 0;
};

}  // namespace

Result<CaffeMessage> parse_caffe_text(std::string_view text, const std::string& path) {
  if (text.find('\0') != std::string_view::npos)
    return Error{Errc::malformed, path,
                 "is not a prototxt but binary; a caffemodel is given as the second file"};
  return TextParser{text, path}.parse();
}

}  // namespace layerwatt
