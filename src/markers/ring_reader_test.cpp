// SPDX-License-Identifier: Apache-2.0
// Reader and marker.h on one piece of memory in one process, so that the thread sanitizer sees both sides.
#include "markers/ring_reader.h"

#include <gtest/gtest.h>
#include <layerwatt/marker.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "markers/testing/recording_sink.h"

namespace layerwatt {
namespace {

// Memory that marker.h in this program writes to, without a descriptor or an environment variable.
class InOneProcess {
 public:
  explicit InOneProcess(const lw_geometry_& geometry)
      : geometry_{geometry},
        memory_{static_cast<lw_shared_memory_*>(
            std::aligned_alloc(sizeof(lw_ring_), lw_memory_size_(&geometry)))} {
    std::memset(static_cast<void*>(memory_), 0, lw_memory_size_(&geometry));
    lay_out_rings(memory_, geometry);
    ::unsetenv("LAYERWATT_RING_FD");
    ::pthread_once(&lw_once_, lw_attach_);
    lw_self_process_.memory = memory_;
    lw_self_process_.geometry = geometry;
    ::pthread_key_create(&lw_self_process_.key, lw_thread_ends_);
    __atomic_store_n(&lw_state_, LW_LISTENING_, __ATOMIC_RELEASE);
  }
  InOneProcess(const InOneProcess&) = delete;
  InOneProcess& operator=(const InOneProcess&) = delete;
  ~InOneProcess() {
    __atomic_store_n(&lw_state_, LW_ABSENT_, __ATOMIC_RELEASE);
    ::pthread_key_delete(lw_self_process_.key);
    lw_self_thread_ = {};
    std::free(memory_);
  }
  [[nodiscard]] lw_shared_memory_* memory() { return memory_; }
  [[nodiscard]] lw_ring_* ring(std::uint32_t i) { return lw_ring_at_(memory_, &geometry_, i); }
  [[nodiscard]] lw_record_* records(std::uint32_t i) { return lw_records_of_(memory_, &geometry_, i); }

 private:
  lw_geometry_ geometry_;
  lw_shared_memory_* memory_;
};

// Checks on the fly that each thread's marks come whole and in order.
class OrderSink final : public MarkSink {
 public:
  void mark(const Mark& m) override {
    const auto count = static_cast<std::uint64_t>(m.at.time_since_epoch().count());
    if (m.thread >= last.size()) last.resize(m.thread + 1);
    in_order &= count > last[m.thread];
    whole &= m.number == (count & number_mask) && m.name == "ordered";
    last[m.thread] = count;
    ++seen;
  }
  static constexpr std::uint64_t number_mask = (1U << LW_NUMBER_BITS_) - 1;
  std::vector<std::uint64_t> last;
  std::uint64_t seen = 0;
  bool in_order = true, whole = true;
};

TEST(RingReader, LosesNothingUncountedWhileThreadsWrite) {
  constexpr lw_geometry_ geometry{4, 64, 16};
  InOneProcess shared{geometry};
  RingReader reader{shared.memory(), geometry};
  constexpr std::uint32_t threads = 3, each = 20000;
  std::atomic<std::uint32_t> finished{0};
  std::vector<std::thread> writers;
  for (std::uint32_t t = 0; t < threads; ++t)
    writers.emplace_back([&finished] {
      const lw_name_t name = lw_name("ordered");
      for (std::uint32_t i = 1; i <= each; ++i) lw_begin_at(name, i, i);
      ++finished;
    });
  OrderSink sink;
  while (finished < threads) reader.drain(sink);
  for (auto& writer : writers) writer.join();
  reader.drain(sink);
  EXPECT_TRUE(sink.in_order);
  EXPECT_TRUE(sink.whole);
  EXPECT_GT(sink.seen, 0U);
  EXPECT_EQ(reader.counts().written, sink.seen);
  EXPECT_EQ(reader.counts().written + reader.counts().dropped, std::uint64_t{threads} * each);
  EXPECT_EQ(reader.counts().damaged, 0U);
}

TEST(RingReader, HandsRingsFromThreadToThreadWhileOthersWrite) {
  constexpr lw_geometry_ geometry{4, 64, 16};
  InOneProcess shared{geometry};
  RingReader reader{shared.memory(), geometry};
  std::atomic<bool> finished{false};
  constexpr std::uint64_t short_lived = 300;
  std::thread spawner{[&finished] {
    for (std::uint64_t i = 0; i < short_lived; ++i)
      std::thread{[] { lw_begin_at(lw_name("ordered"), 1, 1); }}.join();
    finished = true;
  }};
  OrderSink sink;
  while (!finished) reader.drain(sink);
  spawner.join();
  reader.drain(sink);
  EXPECT_TRUE(sink.in_order);
  EXPECT_TRUE(sink.whole);
  EXPECT_EQ(reader.counts().written + reader.counts().dropped, short_lived);
}

TEST(RingReader, ResynchronisesWhenTheHeadJumps) {
  constexpr lw_geometry_ geometry{1, 16, 16};
  InOneProcess shared{geometry};
  RingReader reader{shared.memory(), geometry};
  const lw_name_t name = lw_name("n");
  lw_mark(name);
  RecordingSink sink;
  reader.drain(sink);
  EXPECT_EQ(sink.marks.size(), 1U);
  for (const std::uint64_t head : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 40}) {
    shared.ring(0)->head = head;
    reader.drain(sink);
    EXPECT_EQ(sink.marks.size(), 1U) << head;
  }
  EXPECT_EQ(reader.counts().damaged, 3U);
}

TEST(RingReader, SkipsRecordsThatMarkerHCannotHaveWritten) {
  constexpr lw_geometry_ geometry{1, 16, 16};
  InOneProcess shared{geometry};
  RingReader reader{shared.memory(), geometry};
  const std::uint64_t good = std::uint64_t{lw_name("n")} << 32;
  ASSERT_EQ(lw_prepare(), 1);
  const lw_record_ bad[] = {
      {5, good | 0},                               // no kind
      {5, good | 4},                               // unknown kind
      {5, (std::uint64_t{16} << 32) | LW_BEGIN_},  // one past the last name
      {5, 0xffffffff00000000U | LW_BEGIN_},        //
      {5, (std::uint64_t{15} << 32) | LW_BEGIN_},  // a slot that holds no name yet
      {std::uint64_t{1} << 62, good | LW_BEGIN_},  // a stamp whose differences could overflow
      {~std::uint64_t{0}, good | LW_BEGIN_},
  };
  ASSERT_NE(lw_name("n"), 15U);
  std::uint64_t count = 0;
  for (const auto& record : bad) shared.records(0)[count++] = record;
  shared.records(0)[count++] = {5, good | LW_BEGIN_};
  __atomic_store_n(&shared.ring(0)->head, count, __ATOMIC_RELEASE);
  RecordingSink sink;
  reader.drain(sink);
  EXPECT_EQ(sink.story(0), "B n");
  EXPECT_EQ(reader.counts().damaged, std::size(bad));
}

TEST(RingReader, ReadsANameWithoutAnEndOnlyToTheEndOfItsSlot) {
  constexpr lw_geometry_ geometry{1, 16, 2};  // the slot is the last thing before the rings
  InOneProcess shared{geometry};
  RingReader reader{shared.memory(), geometry};
  const lw_name_t name = lw_name("n");
  std::memset(lw_interned_at_(shared.memory(), name)->text, 'a', LW_NAME_BYTES_);
  lw_mark(name);
  RecordingSink sink;
  reader.drain(sink);
  ASSERT_EQ(sink.marks.size(), 1U);
  EXPECT_EQ(sink.marks[0].name, std::string(LW_NAME_BYTES_, 'a'));
}

TEST(RingReader, KeepsANameAsItWasFirstRead) {
  constexpr lw_geometry_ geometry{1, 16, 16};
  InOneProcess shared{geometry};
  RingReader reader{shared.memory(), geometry};
  const lw_name_t name = lw_name("first");
  lw_mark(name);
  RecordingSink sink;
  reader.drain(sink);
  std::memcpy(lw_interned_at_(shared.memory(), name)->text, "later", 6);
  lw_mark(name);
  reader.drain(sink);
  EXPECT_EQ(sink.story(0), "I first, I first");
}

}  // namespace
}  // namespace layerwatt
