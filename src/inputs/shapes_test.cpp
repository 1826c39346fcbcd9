// SPDX-License-Identifier: Apache-2.0
#include "inputs/shapes.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/temporary_tree.h"
#include "inputs/picture_list.h"

namespace layerwatt {
namespace {

// Written down once, from g++ 12 on x86-64; any compiler, optimisation or processor must give it.
TEST(Shapes, AreTheSameOnEveryMachine) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (std::int64_t number = 0; number < 50; ++number)
    for (const std::uint8_t byte : shape_of_set(number, labelled_shapes_seed).pixels)
      hash = (hash ^ byte) * 0x100000001b3U;
  EXPECT_EQ(hash, 10564018912367208804U);
}

TEST(Shapes, TheLabelledSetIsWrittenWithItsLabelsTwice) {
  const TemporaryTree tree;
  ASSERT_TRUE(write_labelled_shapes(tree.root()));
  const auto by_folder = list_pictures("", tree.root()), by_file = list_pictures("", tree.at("/labels.txt"));
  ASSERT_TRUE(by_folder && by_file);
  ASSERT_EQ(by_folder->size(), static_cast<std::size_t>(labelled_shapes));
  ASSERT_EQ(by_file->size(), by_folder->size());
  for (const Picture& picture : *by_folder) {
    const auto same = std::find_if(by_file->begin(), by_file->end(), [&](const Picture& other) {
      return std::filesystem::equivalent(other.path, picture.path);
    });
    ASSERT_NE(same, by_file->end());
    EXPECT_EQ(same->label, picture.label);
  }
  const auto image = read_image(by_file->at(13).path);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->pixels, shape_of_set(13, labelled_shapes_seed).pixels);
}

}  // namespace
}  // namespace layerwatt
