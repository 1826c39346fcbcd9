// SPDX-License-Identifier: Apache-2.0
// The text format of protobuf, as its specification has it, and what is not of it.
#include "networks/caffe_text.h"

#include <gmock/gmock.h>

#include <string>

namespace layerwatt {
namespace {

using testing::HasSubstr;

CaffeMessage parsed(const std::string& text) {
  auto message = parse_caffe_text(text, "net.prototxt");
  EXPECT_TRUE(message) << message.error().detail;
  return message ? std::move(*message) : CaffeMessage{};
}

std::string refusal(const std::string& text) {
  const auto message = parse_caffe_text(text, "net.prototxt");
  if (message) {
    ADD_FAILURE() << "was not refused: " << text;
    return "";
  }
  EXPECT_EQ(message.error().code, Errc::malformed);
  EXPECT_EQ(message.error().where, "net.prototxt");
  return message.error().detail;
}

TEST(CaffeText, ReadsFieldsMessagesAndTheirLines) {
  const CaffeMessage net =
      parsed("name: \"n\"  # the name\nlayer {\n  top: 'a' top: 'b'\n  p < pad: -3.5e-1 >\n}\n");
  ASSERT_EQ(net.fields.size(), 2U);
  EXPECT_EQ(net.fields[0].value, "n");
  ASSERT_TRUE(net.fields[1].message);
  EXPECT_EQ(net.fields[1].line, 2U);
  const auto& layer = net.fields[1].message->fields;
  ASSERT_EQ(layer.size(), 3U);
  EXPECT_EQ(layer[1].value, "b");
  EXPECT_EQ(layer[1].line, 3U);
  EXPECT_EQ(layer[2].message->fields.at(0).value, "-3.5e-1");
}

TEST(CaffeText, AColonBeforeBracesSeparatorsAndListsAreAllowed) {
  const CaffeMessage net = parsed("a: { b: 1; b: 2, } c: [3, 4] d: [] e: [{f: 5}, <f: 6>]");
  ASSERT_EQ(net.fields.size(), 5U);
  EXPECT_EQ(net.fields[0].message->fields.size(), 2U);
  EXPECT_EQ(net.fields[1].value, "3");
  EXPECT_EQ(net.fields[2].value, "4");
  EXPECT_EQ(net.fields[4].message->fields.at(0).value, "6");
}

TEST(CaffeText, StringsSideBySideAreOneAndKnowEscapes) {
  EXPECT_EQ(parsed("a: \"x\\\"y\" 'z\\n'").fields.at(0).value, "x\"yz\n");
}

TEST(CaffeText, AnEmptyTextIsAnEmptyMessage) { EXPECT_TRUE(parsed(" # nothing\n").fields.empty()); }

TEST(CaffeText, WhatIsNoPrototxtIsRefusedWithItsLine) {
  EXPECT_THAT(refusal("a: 1\n}"), HasSubstr("line 2"));
  EXPECT_THAT(refusal("a: 1\nb {\n c: 2\n"), HasSubstr("the file ends before the '}' of line 2"));
  EXPECT_THAT(refusal("a 1"), HasSubstr("expected ':' or '{'"));
  EXPECT_THAT(refusal("a: \"no end\nb: 1"), HasSubstr("does not end"));
  EXPECT_THAT(refusal("a:"), HasSubstr("the end of the file"));
  EXPECT_THAT(refusal("a: [1"), HasSubstr("expected ',' or ']'"));
  EXPECT_THAT(refusal("a: \"\xff\""), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal(std::string{"a: 1\0", 5}), HasSubstr("binary"));
}

TEST(CaffeText, DeepNestingIsRefusedBeforeTheStackEnds) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "a {";
  EXPECT_THAT(refusal(deep), HasSubstr("nested more than 20 deep"));
}

}  // namespace
}  // namespace layerwatt
