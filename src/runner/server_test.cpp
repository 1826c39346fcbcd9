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

#include "networks/network.h"
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

TEST_F(Talk, GivesTheOutputWithoutNumbersThatJsonDoesNotHave) {
  open();
  EXPECT_EQ(ask({{"do", "output"}}).at("values"), (json{0.25, nullptr, -1.0}));
}

}  // namespace
}  // namespace layerwatt
