/* SPDX-License-Identifier: Apache-2.0
 * Marks: say from any C or C++ program what is running, so that layerwatt can say what it costs. Header only;
 * C11 and C++, GCC or Clang, Linux; link with -pthread. docs/markers.md explains it with examples.
 *
 *   static lw_name_t conv1; if (!conv1) conv1 = lw_name("conv1");     // once
 *   lw_begin(conv1); ... lw_end(conv1);                               // as often as you like
 *
 * A program that layerwatt did not start pays one branch a call. Marks never block, allocate or fail: what
 * does not fit into the ring is dropped and counted. Not for signal handlers. */
#ifndef LAYERWATT_MARKER_H
#define LAYERWATT_MARKER_H

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "marker_ring.h"

#ifdef __cplusplus
extern "C" {
#else
/* glibc hides it under -std=c11. */
extern int clock_gettime(int clock, struct timespec* now);
#endif

/* For C++ linters: this is C, and weak makes one definition of many. */
/* NOLINTBEGIN(modernize-use-nullptr,misc-definitions-in-headers) */

/* A name in the shared table. 0 = no name: the table is full, or nobody listens. */
typedef uint32_t lw_name_t;

/* ---- What stands behind the calls. One copy for each program or shared library: weak lets its translation
 * units share it, hidden keeps two versions of this header in one process apart. ---- */

#define LW_SHARED_STATE_ __attribute__((weak, visibility("hidden")))
#define LW_RARE_ static __attribute__((unused, noinline))

typedef struct lw_process_ {
  lw_shared_memory_* memory;
  lw_geometry_ geometry; /* our own checked copy: what others write later is not trusted */
  pthread_key_t key;     /* gives the ring back when a thread ends */
  uint64_t pid_namespace;
} lw_process_;

typedef struct lw_thread_ {
  lw_ring_* ring;
  lw_record_* records;
  uint64_t head;
  uint64_t tail; /* as last seen: the shared one is read only when the ring looks full */
  uint64_t mask;
} lw_thread_;

enum { LW_UNKNOWN_ = 0, LW_ABSENT_ = 1, LW_LISTENING_ = 2 };

LW_SHARED_STATE_ int lw_state_ = LW_UNKNOWN_;
LW_SHARED_STATE_ lw_process_ lw_self_process_;
LW_SHARED_STATE_ pthread_once_t lw_once_ = PTHREAD_ONCE_INIT;
LW_SHARED_STATE_ __thread lw_thread_ lw_self_thread_;

/* The memory that LAYERWATT_RING_FD names, or NULL when it is not what it should be. The seals are checked
 * because a file that can shrink would end this program with SIGBUS. */
LW_RARE_ lw_shared_memory_* lw_find_memory_(lw_geometry_* geometry) {
  const int get_seals = 1034, seal_shrink = 2; /* F_GET_SEALS, F_SEAL_SHRINK: hidden under -std=c11 */
  const char* text = getenv("LAYERWATT_RING_FD");
  char* end = NULL;
  struct stat status;
  lw_shared_memory_* memory;
  size_t size;
  long descriptor;
  int seals, sound;
  if (text == NULL) return NULL;
  descriptor = strtol(text, &end, 10);
  if (end == text || *end != '\0' || descriptor < 0 || descriptor > 1 << 24) return NULL;
  if (fstat((int)descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return NULL;
  if (status.st_size < (off_t)LW_PAGE_) return NULL;
  seals = fcntl((int)descriptor, get_seals);
  if (seals < 0 || (seals & seal_shrink) == 0) return NULL;
  size = (size_t)status.st_size;
  memory = (lw_shared_memory_*)mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, (int)descriptor, 0);
  if (memory == MAP_FAILED) return NULL;
  *geometry = memory->geometry;
  sound = memory->magic == LW_RING_MAGIC_ && memory->version == LW_RING_VERSION_ &&
          lw_geometry_fits_(geometry) && lw_memory_size_(geometry) == size;
  if (sound) return memory;
  munmap(memory, size);
  return NULL;
}

/* A thread ends: layerwatt may hand its ring on once it has read it empty. */
LW_RARE_ void lw_thread_ends_(void* ring) {
  uint32_t mine = (uint32_t)getpid();
  (void)__atomic_compare_exchange_n(&((lw_ring_*)ring)->owner, &mine, mine | LW_OWNER_LEFT_, 0,
                                    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
  memset(&lw_self_thread_, 0, sizeof lw_self_thread_);
}

/* After fork the ring is still the parent's: the child takes one of its own at its next mark. */
LW_RARE_ void lw_forked_(void) {
  memset(&lw_self_thread_, 0, sizeof lw_self_thread_);
  pthread_setspecific(lw_self_process_.key, NULL);
}

LW_RARE_ void lw_attach_(void) {
  lw_process_* process = &lw_self_process_;
  struct stat status;
  int listening = 0;
  process->memory = lw_find_memory_(&process->geometry);
  if (process->memory != NULL) {
    listening = pthread_key_create(&process->key, lw_thread_ends_) == 0 &&
                pthread_atfork(NULL, NULL, lw_forked_) == 0;
    if (stat("/proc/self/ns/pid", &status) == 0) process->pid_namespace = (uint64_t)status.st_ino;
  }
  __atomic_store_n(&lw_state_, listening ? LW_LISTENING_ : LW_ABSENT_, __ATOMIC_RELEASE);
}

/* Takes a free ring for this thread; 0 when nobody listens or none is free. */
LW_RARE_ int lw_claim_(void) {
  lw_process_* process = &lw_self_process_;
  lw_thread_* self = &lw_self_thread_;
  uint32_t i, k;
  pthread_once(&lw_once_, lw_attach_);
  if (__atomic_load_n(&lw_state_, __ATOMIC_ACQUIRE) != LW_LISTENING_) return 0;
  for (i = 0; i < process->geometry.rings; ++i) {
    lw_ring_* ring = lw_ring_at_(process->memory, &process->geometry, i);
    uint32_t nobody = 0;
    if (__atomic_load_n(&ring->owner, __ATOMIC_RELAXED) != 0) continue;
    if (!__atomic_compare_exchange_n(&ring->owner, &nobody, (uint32_t)getpid(), 0, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
      continue;
    __atomic_store_n(&ring->pid_namespace, process->pid_namespace, __ATOMIC_RELAXED);
    self->records = lw_records_of_(process->memory, &process->geometry, i);
    self->mask = process->geometry.records - 1;
    self->head = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
    self->tail = self->head; /* a free ring is an empty one */
    self->ring = ring;
    /* Touched now, or every 256th mark would pay for a page fault. */
    for (k = 0; k < process->geometry.records; k += LW_PAGE_ / sizeof(lw_record_)) self->records[k].what = 0;
    pthread_setspecific(process->key, ring);
    return 1;
  }
  __atomic_fetch_add(&process->memory->ringless, 1, __ATOMIC_RELAXED);
  return 0;
}

/* Finds or adds a name without a lock. Two processes that add one name at the same moment may get two slots
 * for it; layerwatt joins them by their text. A writer killed half way costs its slot, nothing else. */
LW_RARE_ lw_name_t lw_intern_(const char* name) {
  static const char hex[] = "0123456789abcdef";
  lw_process_* process = &lw_self_process_;
  const size_t length = strlen(name), most = LW_NAME_BYTES_ - 1;
  char text[LW_NAME_BYTES_] = {0};
  uint32_t hash = 2166136261u; /* FNV-1a */
  uint32_t tries, slot;
  size_t i;
  pthread_once(&lw_once_, lw_attach_);
  if (__atomic_load_n(&lw_state_, __ATOMIC_ACQUIRE) != LW_LISTENING_) return 0;
  for (i = 0; i < length; ++i) hash = (hash ^ (unsigned char)name[i]) * 16777619u;
  memcpy(text, name, length < most ? length : most);
  if (length > most) { /* cut, with the hash of the whole name so that long names stay distinct */
    text[most - 9] = '~';
    for (i = 0; i < 8; ++i) text[most - 8 + i] = hex[hash >> (28 - 4 * i) & 15];
  }
  slot = hash % (process->geometry.names - 1);
  for (tries = 0; tries < 128 && tries < process->geometry.names - 1; ++tries) {
    lw_interned_* entry = lw_interned_at_(process->memory, slot + 1);
    uint32_t state = __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE);
    if (state == LW_NAME_FREE_ && __atomic_compare_exchange_n(&entry->state, &state, LW_NAME_WRITING_, 0,
                                                              __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
      entry->hash = hash;
      memcpy(entry->text, text, sizeof text);
      __atomic_store_n(&entry->state, LW_NAME_READY_, __ATOMIC_RELEASE);
      return slot + 1;
    }
    if (state == LW_NAME_READY_ && entry->hash == hash && memcmp(entry->text, text, sizeof text) == 0)
      return slot + 1;
    slot = (slot + 1) % (process->geometry.names - 1);
  }
  __atomic_fetch_add(&process->memory->names_refused, 1, __ATOMIC_RELAXED);
  return 0;
}

static inline int lw_absent_(void) {
  return (int)__builtin_expect(__atomic_load_n(&lw_state_, __ATOMIC_RELAXED) == LW_ABSENT_, 1);
}

static inline void lw_put_(uint64_t kind, lw_name_t name, uint32_t number, uint64_t nanoseconds) {
  lw_thread_* self = &lw_self_thread_;
  lw_record_* record;
  if (__builtin_expect(self->ring == NULL, 0) && !lw_claim_()) return;
  if (__builtin_expect(self->head - self->tail > self->mask, 0)) {
    self->tail = __atomic_load_n(&self->ring->tail, __ATOMIC_ACQUIRE);
    if (self->head - self->tail > self->mask) {
      __atomic_store_n(&self->ring->dropped, self->ring->dropped + 1, __ATOMIC_RELAXED);
      return;
    }
  }
  record = &self->records[self->head & self->mask];
  record->nanoseconds = nanoseconds;
  record->what = kind | (uint64_t)(number & ((1u << LW_NUMBER_BITS_) - 1)) << 8 | (uint64_t)name << 32;
  self->head += 1;
  __atomic_store_n(&self->ring->head, self->head, __ATOMIC_RELEASE);
}

/* ---- The calls --------------------------------------------------------------------------------------- */

/* Now, in nanoseconds of CLOCK_MONOTONIC_RAW: the clock of every mark. */
static inline uint64_t lw_now(void) {
  struct timespec now;
  clock_gettime(4 /* CLOCK_MONOTONIC_RAW */, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The name to mark with; ask once and keep it. Names above 247 bytes are cut. */
static inline lw_name_t lw_name(const char* name) {
  if (lw_absent_() || name == NULL) return 0;
  return lw_intern_(name);
}

/* Takes this thread's ring now, so that its first mark costs no more than the others. 1 when layerwatt
 * listens to this thread. */
static inline int lw_prepare(void) {
  if (lw_absent_()) return 0;
  return lw_self_thread_.ring != NULL || lw_claim_();
}

/* From here on this thread does `name`, until lw_end with the same name. Pairs may nest. */
static inline void lw_begin(lw_name_t name) {
  if (!lw_absent_()) lw_put_(LW_BEGIN_, name, 0, lw_now());
}

static inline void lw_end(lw_name_t name) {
  if (!lw_absent_()) lw_put_(LW_END_, name, 0, lw_now());
}

/* The same for stamps taken earlier, with lw_now() or converted to its clock. `number` says which repetition
 * this is (below 2^24; 0 when it does not matter); begin and end must agree on it. */
static inline void lw_begin_at(lw_name_t name, uint64_t nanoseconds, uint32_t number) {
  if (!lw_absent_()) lw_put_(LW_BEGIN_, name, number, nanoseconds);
}

static inline void lw_end_at(lw_name_t name, uint64_t nanoseconds, uint32_t number) {
  if (!lw_absent_()) lw_put_(LW_END_, name, number, nanoseconds);
}

/* Something happened here: a moment without duration. */
static inline void lw_mark(lw_name_t name) {
  if (!lw_absent_()) lw_put_(LW_INSTANT_, name, 0, lw_now());
}

/* NOLINTEND(modernize-use-nullptr,misc-definitions-in-headers) */

#ifdef __cplusplus
} /* extern "C" */

/* Marks from here to the end of the block, also when an exception leaves it. */
class lw_scope {
 public:
  explicit lw_scope(lw_name_t name) : name_(name) { lw_begin(name_); }
  ~lw_scope() { lw_end(name_); }
  lw_scope(const lw_scope&) = delete;
  lw_scope& operator=(const lw_scope&) = delete;

 private:
  lw_name_t name_;
};
#endif

#endif /* LAYERWATT_MARKER_H */
