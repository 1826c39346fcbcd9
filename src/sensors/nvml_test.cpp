// SPDX-License-Identifier: Apache-2.0
// NVIDIA's library is scripted (testing/scripted_nvml.cpp). Once it is loaded by its path, the dynamic linker
// takes it for libnvidia-ml.so.1, whatever the machine has.
#include <gmock/gmock.h>

#include <optional>

#include "core/temporary_tree.h"
#include "sensors/sensor.h"
#include "sensors/testing/nvml_script.h"

namespace layerwatt {
extern const SensorDriver nvml_driver;

namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class Nvml : public ::testing::Test {
 protected:
  void SetUp() override {
    auto library = Library::open(LAYERWATT_BUILD "/tests/scripted/libnvidia-ml.so.1");
    ASSERT_TRUE(library) << library.error().detail;
    library_.emplace(std::move(*library));
    script_ = (*library_->function<testing::NvmlScript*()>("nvml_script"))();
    *script_ = {};
  }
  void without(std::initializer_list<int testing::NvmlScript::Gpu::*> ways) {
    for (const auto way : ways) script_->gpus[0].*way = nvml::not_supported;
  }
  static Found probe() { return nvml_driver.probe(Machine::host(), {}); }
  static double watts(const Found& found) { return std::get<Watts>(*found.sensors[0]->read(0)).value(); }
  using Gpu = testing::NvmlScript::Gpu;
  std::optional<Library> library_;
  testing::NvmlScript* script_ = nullptr;
};

TEST_F(Nvml, ReadsTheCounterOfEnergy) {
  const Found found = probe();
  ASSERT_THAT(found.sensors, SizeIs(1));
  const Channel& rail = found.sensors[0]->channels()[0];
  EXPECT_EQ(rail.rail, "gpu0");
  EXPECT_EQ(rail.meaning, Meaning::energy_total);
  EXPECT_DOUBLE_EQ(std::get<Joules>(*found.sensors[0]->read(0)).value(), 4310);
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("source", "counter of energy")));
}

TEST_F(Nvml, RecordsWhatWasMeasured) {
  const Found found = probe();
  EXPECT_EQ(found.sensors[0]->device(), "00000000:65:00.0");
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("name", "NVIDIA H200")));
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("architecture", "Hopper")));
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("driver", "550.54.15")));
}

TEST_F(Nvml, EachGpuIsARailOfItsOwn) {
  script_->count = 2;
  script_->gpus[1].bus_id = "00000000:CA:00.0";
  const Found found = probe();
  ASSERT_THAT(found.sensors, SizeIs(2));
  EXPECT_EQ(found.sensors[1]->channels()[0].rail, "gpu1");
  EXPECT_EQ(found.sensors[1]->device(), "00000000:CA:00.0");
}

TEST_F(Nvml, WithoutACounterTakesInstantPower) {
  without({&Gpu::energy_result});
  script_->gpus[0].instant.of_unsigned = 312'500;
  const Found found = probe();
  EXPECT_EQ(found.sensors[0]->channels()[0].meaning, Meaning::power_now);
  EXPECT_DOUBLE_EQ(watts(found), 312.5);
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("source", HasSubstr("instant"))));
}

TEST_F(Nvml, ThenTheAverageThenTheUsage) {
  without({&Gpu::energy_result, &Gpu::instant_result});
  script_->gpus[0].average.of_unsigned = 300'000;
  EXPECT_DOUBLE_EQ(watts(probe()), 300);
  without({&Gpu::average_result});
  const Found found = probe();
  EXPECT_DOUBLE_EQ(watts(found), 100);
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("source", "power usage")));
}

TEST_F(Nvml, WindowOfPowerIsThatOfTheArchitecture) {
  struct Case {
    unsigned architecture;
    int minor;
    std::optional<Nanoseconds> instant, usage;
  };
  for (const auto& [architecture, minor, instant, usage] :
       {Case{nvml::hopper, 0, 25ms, 1s}, Case{nvml::ada, 9, 100ms, 1s}, Case{nvml::ampere, 6, 100ms, 1s},
        Case{nvml::ampere, 0, 25ms, 25ms}, Case{nvml::turing, 5, 100ms, 100ms},
        Case{nvml::volta, 0, 10ms, 10ms}, Case{nvml::maxwell, 2, {}, {}}, Case{nvml::blackwell, 0, {}, {}},
        Case{4711, 0, {}, {}}}) {
    *script_ = {};
    script_->gpus[0].architecture = architecture;
    script_->gpus[0].minor = minor;
    script_->gpus[0].major = 8;
    without({&Gpu::energy_result});
    EXPECT_EQ(probe().sensors[0]->channels()[0].aperture, instant) << architecture;
    without({&Gpu::instant_result, &Gpu::average_result});
    EXPECT_EQ(probe().sensors[0]->channels()[0].aperture, usage) << architecture;
  }
}

TEST_F(Nvml, FieldsOfEveryWidthAreUnderstood) {
  without({&Gpu::energy_result});
  script_->gpus[0].instant.of_unsigned_long_long = 5000;
  for (const int type : {int{nvml::is_unsigned_long}, int{nvml::is_unsigned_long_long}}) {
    script_->gpus[0].instant_type = type;
    EXPECT_DOUBLE_EQ(watts(probe()), 5);
  }
  script_->gpus[0].instant_type = 4711;  // falls to the average
  EXPECT_THAT(probe().sensors[0]->mode(), Contains(Pair("source", HasSubstr("average"))));
}

// ---- What gives no power ---------------------------------------------------------------------------------

TEST_F(Nvml, GpuThatStartsButGivesNoPowerIsSkipped) {
  without({&Gpu::energy_result, &Gpu::instant_result, &Gpu::average_result, &Gpu::usage_result});
  script_->gpus[0].name = "Orin (nvgpu)";
  const Found found = probe();
  EXPECT_THAT(found.sensors, IsEmpty());
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_EQ(found.skipped[0].what, "nvml gpu0 Orin (nvgpu)");
  EXPECT_THAT(found.skipped[0].why, HasSubstr("Not Supported"));
  EXPECT_FALSE(found.skipped[0].remedy.empty());
}

TEST_F(Nvml, DriverWithoutGpusIsNothingToMention) {
  script_->count = 0;
  EXPECT_THAT(probe().sensors, IsEmpty());
  EXPECT_THAT(probe().skipped, IsEmpty());
  script_->init_result = nvml::driver_not_loaded;
  EXPECT_THAT(probe().sensors, IsEmpty());
  EXPECT_THAT(probe().skipped, IsEmpty());
}

TEST_F(Nvml, LibraryThatDoesNotFitTheDriverIsSkippedWithARemedy) {
  script_->init_result = nvml::library_version_mismatch;
  const Found found = probe();
  EXPECT_THAT(found.sensors, IsEmpty());
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_THAT(found.skipped[0].why, HasSubstr("nvmlInit_v2"));
  EXPECT_THAT(found.skipped[0].remedy, HasSubstr("restart"));
}

TEST_F(Nvml, NothingIsOpenedForARecordedMachine) {
  const TemporaryTree tree;
  tree.put("/proc/driver/nvidia/version", "NVRM version\n");
  const Found found = nvml_driver.probe(tree.machine(), {});
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.skipped, IsEmpty());
}

TEST_F(Nvml, OneGpuThatIsLostDoesNotHideTheOther) {
  script_->count = 2;
  script_->gpus[0].energy_result = script_->gpus[0].field_result = script_->gpus[0].usage_result =
      nvml::gpu_is_lost;
  const Found found = probe();
  ASSERT_THAT(found.sensors, SizeIs(1));
  EXPECT_EQ(found.sensors[0]->channels()[0].rail, "gpu1");
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_THAT(found.skipped[0].why, HasSubstr("GPU is lost"));
}

TEST_F(Nvml, ErrorsOfLaterReadsSayWhatTheSamplerShallDo) {
  const Found found = probe();
  const std::pair<int, Errc> cases[] = {{nvml::gpu_is_lost, Errc::gone},
                                        {nvml::timeout, Errc::timeout},
                                        {nvml::in_use, Errc::busy},
                                        {nvml::no_permission, Errc::permission},
                                        {999, Errc::io}};
  for (const auto& [result, code] : cases) {
    script_->gpus[0].energy_result = result;
    const auto value = found.sensors[0]->read(0);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().code, code) << result;
    EXPECT_EQ(value.error().where, "nvmlDeviceGetTotalEnergyConsumption");
  }
  script_->gpus[0].energy_result = 0;
  EXPECT_TRUE(found.sensors[0]->read(0));
}

TEST_F(Nvml, PowerThatNoCardDrawsIsRefused) {
  without({&Gpu::energy_result});
  const Found found = probe();
  script_->gpus[0].instant.of_unsigned = 4'294'967'295;
  const auto value = found.sensors[0]->read(0);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Errc::malformed);
}

TEST_F(Nvml, NamesAreMadeFitToPrint) {
  script_->gpus[0].name = "\x1b[31mred";
  script_->gpus[0].bus_id = "";
  const Found found = probe();
  EXPECT_EQ(found.sensors[0]->mode().at("name"), "?[31mred");
  EXPECT_EQ(found.sensors[0]->device(), "gpu0");
}

TEST_F(Nvml, EverySessionThatIsStartedIsEnded) {
  script_->count = 2;
  {
    const Found found = probe();
    EXPECT_EQ(script_->started, 2);  // one each sensor
  }
  EXPECT_EQ(script_->started, 0);
}

}  // namespace
}  // namespace layerwatt
