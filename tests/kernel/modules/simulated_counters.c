// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Two counters of energy, a package and its cores, below the kernel's own powercap class and named as those
// of intel_rapl, which an arm64 machine lacks. Each counts the power it is told, and wraps as that driver's.
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/powercap.h>

#define LARGEST_UJ 262143328850ULL  // 0xffffffff units of 61.035 uJ, as of many processors

struct counter {
  struct powercap_zone zone;
  unsigned long long energy_uj;
  unsigned int milliwatts;
  ktime_t since;
};

static struct counter package, core;
static struct powercap_control_type* type;
static DEFINE_MUTEX(lock);

// What is less than a microjoule stays in `since`.
static void count(struct counter* counter) {
  u64 passed_ns = ktime_to_ns(ktime_sub(ktime_get(), counter->since));
  u64 microjoules;

  if (!counter->milliwatts) {
    counter->since = ktime_get();
    return;
  }
  microjoules = div_u64(passed_ns * counter->milliwatts, 1000000);
  counter->since = ktime_add_ns(counter->since, div_u64(microjoules * 1000000, counter->milliwatts));
  counter->energy_uj += microjoules;
  if (counter->energy_uj > LARGEST_UJ) counter->energy_uj -= LARGEST_UJ + 1;
}

static int get_energy(struct powercap_zone* zone, u64* energy_uj) {
  struct counter* counter = container_of(zone, struct counter, zone);

  mutex_lock(&lock);
  count(counter);
  *energy_uj = counter->energy_uj;
  mutex_unlock(&lock);
  return 0;
}

static int get_largest(struct powercap_zone* zone, u64* energy_uj) {
  *energy_uj = LARGEST_UJ;
  return 0;
}

static int release(struct powercap_zone* zone) { return 0; }

static const struct powercap_zone_ops operations = {
    .get_energy_uj = get_energy,
    .get_max_energy_range_uj = get_largest,
    .release = release,
};

// A zone must have a limit of power; the tests set none.
static int set_nothing(struct powercap_zone* zone, int limit, u64 value) { return -EOPNOTSUPP; }

static int get_nothing(struct powercap_zone* zone, int limit, u64* value) { return -ENODATA; }

static const struct powercap_zone_constraint_ops limits = {
    .set_power_limit_uw = set_nothing,
    .get_power_limit_uw = get_nothing,
    .set_time_window_us = set_nothing,
    .get_time_window_us = get_nothing,
};

static int set_energy(const char* text, const struct kernel_param* parameter) {
  struct counter* counter = parameter->arg;
  int failure;

  mutex_lock(&lock);
  counter->since = ktime_get();
  failure = kstrtoull(text, 0, &counter->energy_uj);
  mutex_unlock(&lock);
  return failure;
}

static int set_milliwatts(const char* text, const struct kernel_param* parameter) {
  struct counter* counter = parameter->arg;
  int failure;

  mutex_lock(&lock);
  count(counter);
  failure = kstrtouint(text, 0, &counter->milliwatts);
  mutex_unlock(&lock);
  return failure;
}

static const struct kernel_param_ops energy_operations = {.set = set_energy};
static const struct kernel_param_ops milliwatts_operations = {.set = set_milliwatts};
module_param_cb(package_uj, &energy_operations, &package, 0200);
module_param_cb(core_uj, &energy_operations, &core, 0200);
module_param_cb(package_mw, &milliwatts_operations, &package, 0200);
module_param_cb(core_mw, &milliwatts_operations, &core, 0200);

static int __init begin(void) {
  struct powercap_zone *whole, *part;

  type = powercap_register_control_type(NULL, "intel-rapl", NULL);
  if (IS_ERR(type)) return PTR_ERR(type);
  whole = powercap_register_zone(&package.zone, type, "package-0", NULL, &operations, 1, &limits);
  if (IS_ERR(whole)) return PTR_ERR(whole);
  part = powercap_register_zone(&core.zone, type, "core", whole, &operations, 1, &limits);
  return PTR_ERR_OR_ZERO(part);
}
module_init(begin);  // and no exit: it stays until the machine ends

MODULE_DESCRIPTION("Counters of energy, for tests");
MODULE_LICENSE("GPL");
