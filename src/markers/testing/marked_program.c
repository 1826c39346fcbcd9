/* SPDX-License-Identifier: Apache-2.0
 * A program as a user would mark it, in strict C11, for ring_test.cpp: does what its first argument says. The
 * second translation unit is C++ and shares the header's state. */
#include <layerwatt/marker.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>

void mark_from_cplusplus(void);

extern int kill(int process, int signal); /* hidden under -std=c11 */

static void pair(const char* name) {
  const lw_name_t id = lw_name(name);
  lw_begin(id);
  lw_end(id);
}

static void* mark_from_thread(void* name) {
  pair((const char*)name);
  return NULL;
}

static int marked, to_mark;

static void* mark_and_wait(void* name) {
  pair((const char*)name);
  __atomic_add_fetch(&marked, 1, __ATOMIC_RELEASE);
  while (__atomic_load_n(&marked, __ATOMIC_ACQUIRE) < to_mark) sched_yield();
  return NULL;
}

static int nest(void) {
  const lw_name_t outer = lw_name("outer"), inner = lw_name("inner");
  lw_begin(outer);
  lw_begin(inner);
  lw_end(inner);
  lw_mark(lw_name("moment"));
  lw_end(outer);
  mark_from_cplusplus();
  lw_begin_at(inner, 1000, 7);
  lw_end_at(inner, 2000, 7);
  return 0;
}

static int in_turn(int count) {
  int i;
  for (i = 0; i < count; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, mark_from_thread, (void*)"turn") != 0) return 1;
    pthread_join(thread, NULL);
    if (i % 4 == 3) { /* as a reader that drains now and then would see it */
      char drained;
      if (printf("drain\n") < 0 || fflush(stdout) != 0 || read(STDIN_FILENO, &drained, 1) != 1) return 1;
    }
  }
  return 0;
}

static int together(int count) {
  pthread_t threads[64];
  int i;
  to_mark = count;
  for (i = 0; i < count; ++i)
    if (pthread_create(&threads[i], NULL, mark_and_wait, (void*)"crowd") != 0) return 1;
  for (i = 0; i < count; ++i) pthread_join(threads[i], NULL);
  return 0;
}

static int with_fork(void) {
  pid_t child;
  pair("before");
  child = fork();
  if (child == 0) {
    pair("child");
    _exit(0);
  }
  waitpid(child, NULL, 0);
  pair("after");
  return 0;
}

static int flood(int count) {
  const lw_name_t name = lw_name("flood");
  int i;
  for (i = 0; i < count; ++i) lw_mark(name);
  return 0;
}

static int many_names(int count) {
  char name[512];
  int i;
  for (i = 0; i < count; ++i) {
    snprintf(name, sizeof name, "name %d", i);
    pair(name);
  }
  memset(name, 'x', sizeof name);
  name[511] = '\0';
  pair(name);
  name[510] = 'y'; /* differs only behind the cut */
  pair(name);
  return 0;
}

/* Writes noise over all of the shared memory, as a program with a wild pointer would. */
static int scribble(int seed) {
  uint64_t noise = (uint64_t)seed * 2654435769u + 1;
  uint64_t* words;
  size_t count, i;
  int round;
  if (!lw_prepare()) return 1;
  words = (uint64_t*)(void*)lw_self_process_.memory;
  count = lw_memory_size_(&lw_self_process_.geometry) / sizeof *words;
  for (round = 0; round < 20; ++round)
    for (i = 0; i < count; ++i) {
      noise ^= noise << 13;
      noise ^= noise >> 7;
      noise ^= noise << 17;
      /* Small numbers too: they look like counts, slots and kinds. */
      __atomic_store_n(&words[i], (noise & 3) != 0 ? noise & 0x300000003u : noise, __ATOMIC_RELAXED);
    }
  return 0;
}

int main(int count, char** arguments) {
  const char* what = count > 1 ? arguments[1] : "";
  const int number = count > 2 ? atoi(arguments[2]) : 0;
  if (strcmp(what, "listening") == 0) return lw_prepare();
  if (strcmp(what, "nest") == 0) return nest();
  if (strcmp(what, "in-turn") == 0) return in_turn(number);
  if (strcmp(what, "together") == 0) return together(number);
  if (strcmp(what, "fork") == 0) return with_fork();
  if (strcmp(what, "flood") == 0) return flood(number);
  if (strcmp(what, "names") == 0) return many_names(number);
  if (strcmp(what, "scribble") == 0) return scribble(number);
  if (strcmp(what, "die") == 0) {
    lw_begin(lw_name("last words"));
    kill(getpid(), 9);
  }
  return 2;
}
