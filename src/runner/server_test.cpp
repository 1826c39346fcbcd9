// SPDX-License-Identifier: Apache-2.0
// The runner's side of the talk, over a real socket, with the scripted engine.
#include "runner/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "inputs/shapes.h"
#include "networks/network.h"
#include "networks/testing/scratch_folder.h"
#include "runner/layer_json.h"
#include "runner/protocol.h"
#include "runner/testing/scripted_engine.h"

namespace layerwatt {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Talk : public ::testing::Test {
 protected:
  Talk() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_), 0);
    server_ = std::thread{[this] {
      static constexpr const EngineDriver* drivers[] = {&scripted_engine_driver};
      Control control{ends_[1]};
      Server{machine_, drivers, "/hooks"}.serve(control);
      ::shutdown(ends_[1], SHUT_RDWR);
    }};
  }
  ~Talk() override {
    ::shutdown(ends_[0], SHUT_RDWR);
    server_.join();
    ::close(ends_[0]);
    ::close(ends_[1]);
    std::error_code ignored;
    std::filesystem::remove(model_, ignored);
  }

  void say(const std::string& bytes) {
    EXPECT_EQ(::send(ends_[0], bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  json hear() {
    const auto line = client_.next();
    if (!line) return "closed";
    return json::parse(line->value());
  }
  json ask(const json& request) {
    say(line_of(request) + "\n");
    return hear();
  }
  std::string model() {
    if (model_.empty()) {
      model_ =
          std::filesystem::temp_directory_path() / ("server_test." + std::to_string(::getpid()) + ".onnx");
      EXPECT_TRUE(write_zoo_network("lenet5", 1, model_));
    }
    return model_;
  }
  json open(const std::string& level = "") {
    return ask(
        {{"do", "open"}, {"model", model()}, {"engine", "scripted"}, {"level", level}, {"threads", 3}});
  }

  int ends_[2] = {-1, -1};
  Control client_{-1};
  Machine machine_ = Machine::host();
  std::filesystem::path model_;
  std::thread server_;

  void SetUp() override { client_ = Control{ends_[0]}; }
};

TEST_F(Talk, GreetsWithItsVersion) {
  EXPECT_EQ(ask({{"do", "hello"}}), (json{{"ok", true}, {"protocol", protocol_version}}));
}

TEST_F(Talk, EndsOnQuit) {
  EXPECT_EQ(ask({{"do", "quit"}}), (json{{"ok", true}}));
  EXPECT_EQ(hear(), "closed");
}

TEST_F(Talk, AnswersEveryMalformedRequestWithAnErrorAndGoesOn) {
  for (const char* line : {"",
                           "nonsense",
                           "{",
                           "[]",
                           "3",
                           "null",
                           "{}",
                           "{\"do\":3}",
                           "{\"do\":\"dance\"}",
                           "{\"do\":\"describe\"}",
                           "{\"do\":\"describe\",\"model\":3}",
                           "{\"do\":\"describe\",\"model\":\"x\",\"batch\":0}",
                           "{\"do\":\"new\"}",
                           "{\"do\":\"run\"}",
                           "{\"do\":\"run\",\"count\":1}",
                           "{\"do\":\"output\"}",
                           "{\"do\":\"end_block\"}",
                           "{\"do\":\"open\"}",
                           "\xff\xfe",
                           "{\"do\":\"\xff\"}"}) {
    say(std::string{line} + "\n");
    const json answer = hear();
    EXPECT_EQ(answer.at("ok"), false) << line;
    EXPECT_TRUE(answer.at("code").is_string()) << line;
  }
  EXPECT_EQ(ask({{"do", "hello"}}).at("ok"), true);
}

TEST_F(Talk, RefusesARequestThatIsTooLongAndReadsTheNextOne) {
  std::thread talker{
      [this] { say("{\"do\":\"" + std::string(3 * longest_request, 'x') + "\"}\n{\"do\":\"hello\"}\n"); }};
  const json refused = hear(), greeting = hear();
  talker.join();
  EXPECT_EQ(refused.at("code"), "malformed");
  EXPECT_EQ(greeting.at("ok"), true);
}

TEST_F(Talk, SurvivesNoise) {
  std::mt19937 random{7};
  std::size_t lines = 0;
  for (int i = 0; i < 200; ++i) {
    std::string noise(random() % 200, ' ');
    for (char& byte : noise) byte = static_cast<char>(random());
    lines += static_cast<std::size_t>(std::count(noise.begin(), noise.end(), '\n')) + 1;
    say(noise + "\n");
  }
  for (std::size_t i = 0; i < lines; ++i) EXPECT_EQ(hear().at("ok"), false);
  EXPECT_EQ(ask({{"do", "hello"}}).at("ok"), true);
}

TEST_F(Talk, SurvivesDeepNesting) {
  say(std::string(200'000, '[') + "\n");
  EXPECT_EQ(hear().at("ok"), false);
}

TEST_F(Talk, DescribesANetwork) {
  const json answer = ask({{"do", "describe"}, {"model", model()}, {"batch", 2}});
  ASSERT_EQ(answer.at("ok"), true) << answer;
  const auto network = network_from_json(answer.at("network"));
  ASSERT_TRUE(network) << network.error().detail;
  EXPECT_FALSE(network->layers.empty());
  EXPECT_TRUE(network->random_weights);
}

TEST_F(Talk, PassesTheReadersErrorOn) {
  const json answer = ask({{"do", "describe"}, {"model", "/no/such/file.onnx"}});
  EXPECT_EQ(answer.at("ok"), false);
  EXPECT_EQ(answer.at("code"), "not_found");
  EXPECT_THAT(answer.at("where").get<std::string>(), HasSubstr("/no/such/file.onnx"));
}

TEST_F(Talk, ListsTheZooAndItsEngines) {
  const json zoo = ask({{"do", "zoo"}});
  ASSERT_GE(zoo.at("networks").size(), 4U);
  EXPECT_TRUE(zoo.at("networks")[0].at("macs").is_number_integer());
  const json engines = ask({{"do", "engines"}});
  EXPECT_EQ(engines.at("engines")[0].at("name"), "scripted");
  EXPECT_TRUE(engines.at("left_out").is_array());
}

TEST_F(Talk, OpensAnEngineWithItsOptions) {
  const json answer = open();
  ASSERT_EQ(answer.at("ok"), true) << answer;
  const auto layers = layers_from_json(answer.at("layers"));
  ASSERT_TRUE(layers);
  EXPECT_EQ(layers->size(), 2U);
  EXPECT_EQ(answer.at("circumstances").at("threads"), "3");
  EXPECT_EQ(answer.at("circumstances").at("hooks"), "/hooks");
  EXPECT_TRUE(answer.at("network").is_object());
}

TEST_F(Talk, SaysWhyNothingOpened) {
  EXPECT_EQ(open("unopenable").at("detail"), "told not to open");
  EXPECT_EQ(ask({{"do", "open"}, {"model", model()}, {"engine", "tensorrt"}}).at("code"), "not_found");
  EXPECT_EQ(ask({{"do", "open"}, {"model", model()}, {"threads", 0}}).at("where"), "threads");
  EXPECT_EQ(ask({{"do", "run"}, {"count", 1}}).at("code"), "not_found");
}

TEST_F(Talk, RunsAndReportsStamps) {
  open();
  const json answer = ask({{"do", "run"}, {"count", 5}, {"gap_min_ns", 1000}, {"gap_max_ns", 2000}});
  ASSERT_EQ(answer.at("ok"), true) << answer;
  EXPECT_EQ(answer.at("stopped"), "count");
  const auto inferences = inferences_from_json(answer.at("inferences"));
  ASSERT_TRUE(inferences) << inferences.error().detail;
  EXPECT_EQ(inferences->size(), 5U);
}

TEST_F(Talk, RefusesARunOutOfBounds) {
  open();
  for (const char* wrong : {"count", "max_ns", "gap_min_ns", "gap_max_ns", "gap_seed"}) {
    json request{{"do", "run"}, {"count", 1}};
    request[wrong] = -1;
    EXPECT_EQ(ask(request).at("where"), wrong);
  }
  EXPECT_EQ(ask({{"do", "run"}, {"count", most_inferences_a_run + 1}}).at("where"), "count");
  EXPECT_EQ(ask({{"do", "run"}, {"count", 1}, {"gap_min_ns", 2}, {"gap_max_ns", 1}}).at("where"),
            "gap_max_ns");
  EXPECT_EQ(ask({{"do", "run"}, {"count", 1}, {"marked", "yes"}}).at("where"), "marked");
}

TEST_F(Talk, EndsARunAsSoonAsSomethingArrives) {
  open("slow");
  say(line_of({{"do", "run"}, {"count", 100'000}}) + "\n");
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  say(line_of({{"do", "stop"}}) + "\n");
  const json ran = hear(), stopped = hear();
  EXPECT_EQ(ran.at("stopped"), "request");
  EXPECT_LT(ran.at("inferences").size(), 100U);
  EXPECT_EQ(stopped, (json{{"ok", true}}));
}

TEST_F(Talk, AnswersWhenTheEngineFailsOrThrows) {
  open("error");
  EXPECT_EQ(ask({{"do", "run"}, {"count", 1}}).at("detail"), "told to fail");
  open("throw");
  EXPECT_EQ(ask({{"do", "run"}, {"count", 1}}).at("detail"), "told to throw");
  EXPECT_EQ(ask({{"do", "hello"}}).at("ok"), true);
}

// ---- Pictures -------------------------------------------------------------------------------------------

class TalkOfPictures : public Talk {
 protected:
  void SetUp() override {
    Talk::SetUp();
    const ScratchFolder all;
    ASSERT_TRUE(write_labelled_shapes(all.path()));
    for (const char* name : {"a.ppm", "b.ppm", "c.ppm"})
      std::filesystem::copy_file(all.path() / "0-disc" / "0000.ppm", pictures_.path() / name);
  }
  // Three pictures with these labels; the scripted engine has the classes 0 to 2.
  json open_labelled(const std::string& labels, const std::string& level = "") {
    const auto file = pictures_.write("labels.txt", labels);
    return ask({{"do", "open"},
                {"model", model()},
                {"engine", "scripted"},
                {"level", level},
                {"input", {{"input", ""}, {"labels", file.string()}}}});
  }
  json evaluate(std::int64_t from, std::int64_t longest_ns = 1'000'000'000'000) {
    return ask({{"do", "evaluate"}, {"from", from}, {"max_ns", longest_ns}});
  }
  const ScratchFolder pictures_;
};

TEST_F(TalkOfPictures, CountsAnswersFromAnyPictureOn) {
  const json opened = open_labelled("0\n1\n2\n");
  ASSERT_EQ(opened.at("ok"), true) << opened;
  json counts{{"ok", true}, {"pictures", 3}, {"pictures_in_all", 3}, {"classes", 3},
              {"top1", 0},  {"top5", 0},     {"not_finite", 3}};  // one value of its output is NaN
  EXPECT_EQ(evaluate(0), counts);
  counts["pictures"] = counts["not_finite"] = 2;
  EXPECT_EQ(evaluate(1), counts);
  counts["pictures"] = counts["not_finite"] = 1;
  EXPECT_EQ(evaluate(0, 1), counts) << "a picture at least, however short the time";
}

TEST_F(TalkOfPictures, EndsAnEvaluationAsSoonAsSomethingArrives) {
  open_labelled("0\n1\n2\n", "slow");
  say(line_of({{"do", "evaluate"}, {"from", 0}, {"max_ns", 1'000'000'000'000}}) + "\n" +
      line_of({{"do", "stop"}}) + "\n");
  EXPECT_LT(hear().at("pictures"), 3);
  EXPECT_EQ(hear(), (json{{"ok", true}}));
}

TEST_F(TalkOfPictures, RefusesWhatCannotBeEvaluated) {
  EXPECT_EQ(evaluate(0).at("code"), "not_found");
  open();
  EXPECT_THAT(evaluate(0).at("detail").get<std::string>(), HasSubstr("no labelled pictures"));
  open_labelled("0\n1\n2\n");
  EXPECT_EQ(evaluate(3).at("where"), "from");
  EXPECT_EQ(evaluate(-1).at("where"), "from");
  EXPECT_EQ(evaluate(0, 0).at("where"), "max_ns");
  EXPECT_EQ(ask({{"do", "evaluate"}, {"max_ns", 1}}).at("code"), "malformed");
  EXPECT_EQ(ask({{"do", "evaluate"}, {"from", 0}}).at("code"), "malformed");
  EXPECT_EQ(ask({{"do", "evaluate"}, {"from", "first"}, {"max_ns", 1}}).at("code"), "malformed");
  EXPECT_EQ(evaluate(0).at("ok"), true);
  open_labelled("0\n1\n3\n");  // a class of the network, and none that the engine's output has
  EXPECT_THAT(evaluate(0).at("detail").get<std::string>(), HasSubstr("name class 3"));
  open_labelled("0\n1\n2\n", "error");
  EXPECT_EQ(evaluate(0).at("detail"), "told to fail");
}

TEST_F(TalkOfPictures, RefusesLabelsThatDoNotMatch) {
  EXPECT_THAT(open_labelled("0\n1\n10\n").at("detail").get<std::string>(), HasSubstr("class 10"));
  EXPECT_EQ(open_labelled("0\n1\n").at("ok"), false);
  EXPECT_EQ(open_labelled("0\n1\n2\n3\n").at("ok"), false);
  EXPECT_EQ(open_labelled("a.ppm 0\nb.ppm 1\nd.ppm 2\n").at("ok"), false);
  EXPECT_EQ(evaluate(0).at("code"), "not_found") << "nothing is open after a refusal";
}

TEST_F(TalkOfPictures, WritesTheLabelledPictures) {
  const ScratchFolder out;
  EXPECT_EQ(ask({{"do", "pictures"}, {"out", out.path().string()}}),
            (json{{"ok", true}, {"pictures", labelled_shapes}, {"classes", shape_names.size()}}));
  std::int64_t written = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{out.path()})
    written += entry.path().extension() == ".ppm" ? 1 : 0;
  EXPECT_EQ(written, labelled_shapes);
  EXPECT_TRUE(std::filesystem::exists(out.path() / "labels.txt"));
}

TEST_F(TalkOfPictures, SaysWhyPicturesWereNotWritten) {
  EXPECT_EQ(ask({{"do", "pictures"}}).at("code"), "malformed");
  EXPECT_EQ(ask({{"do", "pictures"}, {"out", 3}}).at("code"), "malformed");
  const json nowhere = ask({{"do", "pictures"}, {"out", (pictures_.path() / "a.ppm").string()}});
  EXPECT_EQ(nowhere.at("ok"), false);
  EXPECT_THAT(nowhere.at("where").get<std::string>(), HasSubstr("a.ppm"));
}

TEST_F(Talk, GivesTheOutputWithoutNumbersThatJsonDoesNotHave) {
  open();
  EXPECT_EQ(ask({{"do", "output"}}).at("values"), (json{0.25, nullptr, -1.0}));
}

}  // namespace
}  // namespace layerwatt
