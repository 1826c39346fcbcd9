/* SPDX-License-Identifier: Apache-2.0
 * The shared memory behind marker.h: one single-producer ring for each marking thread, and one table of
 * names. This is what a marked program and layerwatt agree on, not an API: names that end in an underscore
 * may change with LW_RING_VERSION_. C11 and C++, GCC or Clang, Linux. */
#ifndef LAYERWATT_MARKER_RING_H
#define LAYERWATT_MARKER_RING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LW_RING_MAGIC_ UINT64_C(0x676e69725f776c00) /* "\0lw_ring" */
#define LW_RING_VERSION_ 1u
#define LW_PAGE_ 4096u
#define LW_NAME_BYTES_ 248u /* with the terminating NUL */
#define LW_OWNER_LEFT_ 0x80000000u
#define LW_NUMBER_BITS_ 24u

enum { LW_NAME_FREE_ = 0, LW_NAME_WRITING_ = 1, LW_NAME_READY_ = 2 };
enum { LW_BEGIN_ = 1, LW_END_ = 2, LW_INSTANT_ = 3 };

/* One mark. `what`: kind in bits 0-7, number in bits 8-31, name in bits 32-63. */
typedef struct lw_record_ {
  uint64_t nanoseconds; /* CLOCK_MONOTONIC_RAW */
  uint64_t what;
} lw_record_;

/* A name is written once and then stays. Slot 0 is never used: it means "no name". */
typedef struct lw_interned_ {
  uint32_t state;
  uint32_t hash;
  char text[LW_NAME_BYTES_];
} lw_interned_;

/* Two halves, 128 bytes apart, so that neither side's writes take the other side's cache line away; 128
 * because x86 fetches lines in pairs and some ARM cores have lines that long. */
typedef struct lw_ring_ {
  uint64_t head;          /* records ever written; only the marking thread writes it */
  uint64_t dropped;       /* marks lost because the ring was full */
  uint64_t pid_namespace; /* inode of /proc/self/ns/pid; 0 = not known */
  uint32_t owner;         /* 0 = free, else process id, with LW_OWNER_LEFT_ once the thread has ended */
  uint32_t unused_;
  uint64_t padding_[12];
  uint64_t tail; /* records layerwatt has taken; only layerwatt writes it */
  uint64_t tail_padding_[15];
} lw_ring_;

typedef struct lw_geometry_ {
  uint32_t rings;   /* marking threads at one time */
  uint32_t records; /* of one ring; a power of two */
  uint32_t names;   /* slots of the table of names */
} lw_geometry_;

/* First page of the memory. The name table, the rings and the records of the rings follow. */
typedef struct lw_shared_memory_ {
  uint64_t magic;
  uint32_t version;
  lw_geometry_ geometry;
  uint64_t names_refused; /* lw_name() calls that found the table full */
  uint64_t ringless;      /* marks lost because every ring was taken */
} lw_shared_memory_;

/* Bounds that keep every offset far from overflow. */
static inline int lw_geometry_fits_(const lw_geometry_* g) {
  return g->rings >= 1 && g->rings <= 1024 && g->records >= 2 && g->records <= (1u << 24) &&
         (g->records & (g->records - 1)) == 0 && g->names >= 2 && g->names <= (1u << 20);
}

static inline size_t lw_rings_at_(const lw_geometry_* g) {
  return LW_PAGE_ + (size_t)g->names * sizeof(lw_interned_);
}

static inline size_t lw_records_at_(const lw_geometry_* g) {
  const size_t end = lw_rings_at_(g) + (size_t)g->rings * sizeof(lw_ring_);
  return (end + LW_PAGE_ - 1) / LW_PAGE_ * LW_PAGE_;
}

static inline size_t lw_memory_size_(const lw_geometry_* g) {
  return lw_records_at_(g) + (size_t)g->rings * g->records * sizeof(lw_record_);
}

static inline lw_interned_* lw_interned_at_(lw_shared_memory_* memory, uint32_t slot) {
  return (lw_interned_*)(void*)((char*)memory + LW_PAGE_) + slot;
}

static inline lw_ring_* lw_ring_at_(lw_shared_memory_* memory, const lw_geometry_* g, uint32_t ring) {
  return (lw_ring_*)(void*)((char*)memory + lw_rings_at_(g)) + ring;
}

static inline lw_record_* lw_records_of_(lw_shared_memory_* memory, const lw_geometry_* g, uint32_t ring) {
  return (lw_record_*)(void*)((char*)memory + lw_records_at_(g)) + (size_t)ring * g->records;
}

#ifdef __cplusplus
}
#endif

#endif /* LAYERWATT_MARKER_RING_H */
