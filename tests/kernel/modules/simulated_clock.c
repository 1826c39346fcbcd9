// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A clock that runs at whatever rate it is asked for: the emulated machine has none, and without one the
// kernel's own drivers of processor and bus frequencies have nothing to set. Knows nothing of frequencies
// that are allowed: those are in the device tree.
#include <linux/clk-provider.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>

struct simulated_clock {
  struct clk_hw hw;
  unsigned long rate;
};

static unsigned long recalc_rate(struct clk_hw* hw, unsigned long parent_rate) {
  return container_of(hw, struct simulated_clock, hw)->rate;
}

static long round_rate(struct clk_hw* hw, unsigned long rate, unsigned long* parent_rate) { return rate; }

static int set_rate(struct clk_hw* hw, unsigned long rate, unsigned long parent_rate) {
  container_of(hw, struct simulated_clock, hw)->rate = rate;
  return 0;
}

static const struct clk_ops operations = {
    .recalc_rate = recalc_rate,
    .round_rate = round_rate,
    .set_rate = set_rate,
};

static int probe(struct platform_device* device) {
  struct clk_init_data what = {.name = device->dev.of_node->name, .ops = &operations};
  struct simulated_clock* clock = devm_kzalloc(&device->dev, sizeof(*clock), GFP_KERNEL);
  u32 rate;
  int failure;

  if (!clock) return -ENOMEM;
  failure = of_property_read_u32(device->dev.of_node, "clock-frequency", &rate);
  if (failure) return failure;
  clock->rate = rate;
  clock->hw.init = &what;
  failure = devm_clk_hw_register(&device->dev, &clock->hw);
  if (failure) return failure;
  return devm_of_clk_add_hw_provider(&device->dev, of_clk_hw_simple_get, &clock->hw);
}

static const struct of_device_id devices[] = {{.compatible = "layerwatt,simulated-clock"}, {}};
MODULE_DEVICE_TABLE(of, devices);

static struct platform_driver simulated_clock = {
    .probe = probe,
    .driver = {.name = "simulated_clock", .of_match_table = devices},
};
module_platform_driver(simulated_clock);

MODULE_DESCRIPTION("A clock of any rate, for tests");
MODULE_LICENSE("GPL");
