// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "controls/journal.h"
#include "core/temporary_tree.h"
#include "session/machine_facts.h"

namespace layerwatt {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string samples = "/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3/samples";

// Nothing is asked of root's folder that belongs to this machine: its journal names "/" as the sysroot.
struct Left {
  Left() {
    tree.put("/proc/sys/kernel/random/boot_id", "11aa\n");
    journal = {boot_of(tree.machine()), 4711, sysroot_of(tree.machine()), {{samples, "64", "1"}}};
  }
  [[nodiscard]] std::vector<Finding> findings() const {
    return journal_findings(tree.machine(), state.root());
  }
  TemporaryTree tree, state;
  Journal journal;
};

TEST(JournalFindings, WithoutAJournalThereIsNothingToSay) { EXPECT_THAT(Left{}.findings(), IsEmpty()); }

TEST(JournalFindings, KilledRunIsAWarningWithItsRemedy) {
  const Left left;
  ASSERT_TRUE(JournalFile::hold(left.state.root())->save(left.journal));
  const auto findings = left.findings();
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].severity, Severity::warning);
  EXPECT_THAT(findings[0].why, HasSubstr("process 4711, which was killed, left " + samples));
  EXPECT_THAT(findings[0].remedy, HasSubstr("layerwatt restore"));
}

TEST(JournalFindings, RunThatLivesIsNoMatterForRestore) {
  const Left left;
  const auto held = JournalFile::hold(left.state.root());
  ASSERT_TRUE(held->save(left.journal));
  ASSERT_THAT(left.findings(), SizeIs(1));
  EXPECT_THAT(left.findings()[0].remedy, HasSubstr("wait"));
}

TEST(JournalFindings, OfAnotherMachineOrBeforeARebootThereIsNothingToSay) {
  Left left;
  left.journal.boot = "22bb";
  ASSERT_TRUE(JournalFile::hold(left.state.root())->save(left.journal));
  EXPECT_THAT(left.findings(), IsEmpty());
  left.journal.boot = "11aa";
  left.journal.sysroot = "/elsewhere";
  ASSERT_TRUE(JournalFile::hold(left.state.root())->save(left.journal));
  EXPECT_THAT(left.findings(), IsEmpty());
}

TEST(JournalFindings, DamagedJournalIsSaid) {
  const Left left;
  left.state.put("/undo-journal", "layerwatt undo");
  ASSERT_THAT(left.findings(), SizeIs(1));
  EXPECT_THAT(left.findings()[0].why, HasSubstr("undo-journal"));
}

}  // namespace
}  // namespace layerwatt
