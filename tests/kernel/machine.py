# SPDX-License-Identifier: Apache-2.0
"""An emulated arm64 machine with Debian's kernel, monitoring chips whose registers the tests set, and layerwatt.

Time in it is the number of instructions executed (QEMU's -icount, 2 ns each), so that what it measures does not depend
on how busy this machine is. No hardware virtualisation is used or asked for.
"""
import errno
import json
import os
import pathlib
import queue
import subprocess
import threading
import time

WORK = pathlib.Path(os.environ["LAYERWATT_BUILD"]) / "tests" / "kernel"
PATIENCE_S = 300  # for one answer; the longest takes a tenth of it on an idle machine
BUS = "/dev/i2c-1"
CONFIG, MASK_ENABLE = 0x00, 0x0F


def shunt_register(channel):
    return 1 + 2 * (channel - 1)


def bus_register(channel):
    return 2 + 2 * (channel - 1)


class Failed(Exception):
    def __init__(self, status, text):
        super().__init__(f"{errno.errorcode.get(status, status)}: {text}")
        self.status = status


class Machine:
    def __init__(self, board):
        self.log = open(WORK / f"{board}.log", "wb")
        self.process = subprocess.Popen(
            ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a57", "-smp", "2", "-m", "1024",
             "-icount", "shift=1,sleep=off", "-rtc", "base=2024-01-01,clock=vm", "-display", "none", "-nodefaults",
             "-serial", "stdio", "-no-reboot", "-kernel", WORK / "vmlinuz", "-initrd", WORK / "initramfs",
             "-dtb", WORK / "boards" / f"{board}.dtb", "-append", "console=ttyAMA0 loglevel=1 panic=-1"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        self.parts = queue.Queue()
        self.buffer = b""
        self.reader = threading.Thread(target=self._receive, daemon=True)
        self.reader.start()
        try:
            self._answer()
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.process.poll() is None:
            try:
                self.process.stdin.write(b"off\n")
                self.process.stdin.flush()
                self.process.wait(20)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()
        self.log.close()

    def _receive(self):
        while part := os.read(self.process.stdout.fileno(), 65536):
            self.log.write(part)
            self.parts.put(part)
        self.parts.put(None)

    def _more(self, deadline):
        try:
            part = self.parts.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            part = None
        if part is None:
            self.log.flush()
            raise RuntimeError(f"the emulated machine does not answer; its console is in {self.log.name}")
        self.buffer += part

    def _answer(self):
        deadline = time.monotonic() + PATIENCE_S
        while True:  # the kernel may have said something before
            start = self.buffer.find(b"reply ")
            end = self.buffer.find(b"\n", start)
            if start >= 0 and end >= 0:
                break
            self._more(deadline)
        _, status, length = self.buffer[start:end].split()
        end += 1
        while len(self.buffer) < end + int(length):
            self._more(deadline)
        text = self.buffer[end : end + int(length)].decode(errors="replace")
        self.buffer = self.buffer[end + int(length) :]
        return int(status), text

    def ask(self, *words):
        """(status, text) of one command of guest.cpp."""
        self.process.stdin.write("\t".join(map(str, words)).encode() + b"\n")
        self.process.stdin.flush()
        return self._answer()

    def do(self, *words):
        status, text = self.ask(*words)
        if status != 0:
            raise Failed(status, f"{words}: {text}")
        return text

    # ---- what tests say ----

    def read(self, path):
        return self.do("read", path).strip()

    def write(self, path, text):
        self.do("write", path, text)

    def parameter(self, name, value, module="simulated_bus"):
        self.write(f"/sys/module/{module}/parameters/{name}", value)

    def register(self, address, number):
        return int(self.do("register", BUS, address, number))

    def set_register(self, address, number, value):
        self.do("register", BUS, address, number, value & 0xFFFF)

    def set_rail(self, address, channel, millivolts, shunt_microvolts):
        """Steps of 8 mV and 40 uV, two's complement, in the upper 13 bits."""
        self.set_register(address, bus_register(channel), millivolts // 8 << 3)
        self.set_register(address, shunt_register(channel), shunt_microvolts // 40 << 3)

    def batch(self, *commands):
        """Several in one go: no time passes in the machine while they are on their way."""
        self.do("batch", *[word for command in commands for word in (*command, ";")])

    def hwmon(self, address, driver="ina3221"):
        """The driver's folder for a chip, or None when it has none."""
        device = f"/sys/bus/i2c/drivers/{driver}/1-{address:04x}/hwmon"
        names = self.do("list", device).split()
        return f"{device}/{names[0]}" if names else None

    def sensors(self):
        """{"rails": {name: rail}, "skipped": {what: why}, "modes": {device: mode}} as layerwatt sees them."""
        found = json.loads(self.do("run", "/layerwatt", "sensors", "--json"))
        measured = [sensor for sensor in found["sensors"] if sensor["origin"] == "measured"]
        return {"rails": {rail["rail"]: dict(rail, device=sensor["device"]) for sensor in measured for rail in sensor["rails"]},
                "modes": {sensor["device"]: sensor["mode"] for sensor in measured},
                "skipped": {skip["what"]: skip["why"] for skip in found["skipped"]}}

    def doctor(self):
        """(circumstances, {what: finding}) as layerwatt sees them; the exit code says only whether power can be measured."""
        _, text = self.ask("run", "/layerwatt", "doctor", "--json")
        report = json.loads(text)
        return report["circumstances"], {finding["what"]: finding for finding in report["findings"]}
