// SPDX-License-Identifier: Apache-2.0
// Reads the fields of one message of a prototxt by name and type. Its first failure is kept until finish(),
// which also refuses fields that nobody asked for: what they would change in the result is not known here.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "networks/caffe_text.h"

namespace layerwatt {

class CaffeFields {
 public:
  // `what` is the message's name, for errors: "pooling_param".
  CaffeFields(const CaffeMessage& message, std::string what, std::string path);

  // Caffe keeps sizes in 32 bits with a sign.
  std::optional<std::int64_t> size(const char* name);  // 0 to 2^31 - 1
  std::optional<std::int64_t> integer(const char* name);
  std::optional<double> number(const char* name);
  std::optional<bool> flag(const char* name);
  std::optional<std::string> word(const char* name);  // a string, or the name of an enumerator
  std::vector<std::int64_t> sizes(const char* name);
  std::vector<std::int64_t> integers(const char* name);
  std::vector<double> numbers(const char* name);
  std::vector<std::string> words(const char* name);
  std::vector<const CaffeMessage*> messages(const char* name);
  const CaffeMessage* message(const char* name);
  void ignore(std::initializer_list<const char*> names);  // what matters in training alone, or never

  // malformed: a value of the wrong type, or one given twice. unsupported: a field that is not known here.
  Result<void> finish();
  Result<void> so_far() const;  // the same without looking for unknown fields

 private:
  std::vector<const CaffeField*> take(const char* name, bool is_message);
  template <class T, class Read>
  std::vector<T> all(const char* name, const char* expected, Read read);
  template <class T>
  std::optional<T> only(const char* name, std::vector<T> values);
  void fail(const CaffeField& field, const std::string& why);

  const CaffeMessage& message_;
  std::string what_, path_;
  std::vector<bool> read_;
  std::optional<Error> failure_;
};

}  // namespace layerwatt
