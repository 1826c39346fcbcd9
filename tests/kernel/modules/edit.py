# SPDX-License-Identifier: Apache-2.0
"""edit.py FOLDER: out of the kernel's i2c-stub.c and ina3221.c in FOLDER, makes what the tests load as well.

simulated_bus.c: the stub as a bus that can be slow and fail, with a chip that says when a conversion is ready.
ina3221_5_10.c:  the driver as it was in Linux 5.10 (JetPack 5), where it differs: every read of a value waits for a
                 conversion, not only in single-shot mode, and update_interval counts all samples. Found by
                 comparing drivers/hwmon/ina3221.c of linux-source-5.10 (5.10.223) and linux-source-6.1.
The kernel's files themselves are not changed.
"""
import pathlib
import re
import sys


def replaced(text, old, new, times=1):
    if text.count(old) != times:
        sys.exit(f"edit.py: expected {times} times, found {text.count(old)}: {old!r}")
    return text.replace(old, new)


def simulated_bus(text):
    text = replaced(text, "#include <linux/slab.h>\n", """#include <linux/slab.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/of.h>
""")
    text = replaced(text, "static unsigned short chip_addr[MAX_CHIPS];", """static unsigned int transfer_us;	/* what a transfer takes */
module_param(transfer_us, uint, 0644);
static int fault;			/* this errno is what every transfer ends with; 0: none */
module_param(fault, int, 0644);
static int ready_register = -1;		/* where bit 0 says that a conversion is ready; reading clears it */
module_param(ready_register, int, 0644);
static unsigned int conversion_us;	/* from one conversion to the next; UINT_MAX: never ready */
module_param(conversion_us, uint, 0644);
static unsigned long transfers;		/* so far */
module_param(transfers, ulong, 0644);

static unsigned short chip_addr[MAX_CHIPS];""")
    text = replaced(text, "	u16 words[256];", "	ktime_t converted;\n	u16 words[256];")
    text = replaced(text, "	/* Search for the right chip */", """	transfers++;
	if (transfer_us)
		usleep_range(transfer_us, transfer_us + 1);
	if (fault)
		return -fault;

	/* Search for the right chip */""")
    # SMBus words are little-endian, the chip is big-endian: bit 0 of a register is bit 8 of a word.
    text = replaced(text, "			data->word = *wordp;\n", """			if (command == ready_register) {
				ktime_t now = ktime_get();
				bool ready = conversion_us != UINT_MAX &&
					ktime_us_delta(now, chip->converted) >= conversion_us;

				*wordp = (*wordp & ~0x0100) | (ready ? 0x0100 : 0);
				if (ready)
					chip->converted = now;
			}
			data->word = *wordp;
""")
    return replaced(text, "	ret = i2c_add_adapter(&stub_adapter);",
                    '	stub_adapter.dev.of_node = of_find_compatible_node(NULL, NULL, "layerwatt,simulated-bus");\n'
                    "	ret = i2c_add_adapter(&stub_adapter);")


def older_driver(text):
    text, times = re.subn(
        r"if \(ina->single_shot\) \{\n(\s*regmap_write\(ina->regmap, INA3221_CONFIG,\n\s*ina->reg_config\);)\n\n"
        r"\s*ret = ina3221_wait_for_data\(ina\);\n\s*if \(ret\)\n\s*return ret;\n\s*\}",
        r"if (ina->single_shot)\n\1\n\t\tret = ina3221_wait_for_data(ina);\n\t\tif (ret)\n\t\t\treturn ret;", text)
    if times != 2:
        sys.exit(f"edit.py: {times} places wait for a conversion, not 2")
    return replaced(text, "return channels * (vbus_ct + vsh_ct);",
                    "return channels * (vbus_ct + vsh_ct) * ina3221_avg_samples[INA3221_CONFIG_AVG(config)];")


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    (folder / "simulated_bus.c").write_text(simulated_bus((folder / "i2c-stub.c").read_text()))
    (folder / "ina3221_5_10.c").write_text(older_driver((folder / "ina3221.c").read_text()))
