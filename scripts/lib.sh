# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What scripts/demo, scripts/test and .ci/run share: installing what is missing, and building a preset.
# Sourced, never run. Debian 12's packages; on another system these functions say what they would have
# installed and go on, since the same libraries may be there under other names.

packages_build=(ca-certificates cmake g++ libcli11-dev libdnnl-dev libeigen3-dev libfmt-dev libonnx-dev libpng-dev libprotobuf-dev
  libsqlite3-dev libtomlplusplus-dev libturbojpeg0-dev ninja-build nlohmann-json3-dev ocl-icd-opencl-dev
  protobuf-compiler)
packages_test=(libbenchmark-dev libgmock-dev libgtest-dev libopencv-dnn-dev pkgconf python3 sigrok-cli strace)
# For the preset release-arm64, its tests under QEMU and those in tests/kernel.
packages_arm64=(bc cpio device-tree-compiler dpkg-dev file g++-aarch64-linux-gnu make qemu-system-arm qemu-user-static
  xz-utils)
packages_ci=(ccache clang-14 clang-format-14 clang-tidy-14 dpkg-dev file fuse3 g++-11 gcc-11 libclang-rt-14-dev
  libfuse3-dev llvm-14)

say() { echo "==> $*" >&2; }

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# Runs apt-get as root, by sudo where needed. It asks nothing, and reads nothing of our standard input.
apt_get() {
  local as_root=()
  if ((EUID != 0)); then as_root=(sudo); fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

# install_packages NAME...: those that are not there yet. Silent and quick when nothing is missing.
install_packages() {
  local name missing=()
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system; if something is missing below, these are Debian's names for it: $*"
    return
  fi
  for name in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || missing+=("$name")
  done
  ((${#missing[@]})) || return 0
  if ((EUID != 0)) && ! command -v sudo >/dev/null; then
    die "these packages are missing, and neither root nor sudo is at hand to install them:
  apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "installing ${missing[*]} (a minute or two, once)"
  local log
  log=$(mktemp)
  # The package lists may be absent or old; only a failure shows it.
  if ! apt_get install --no-install-recommends "${missing[@]}" >"$log" 2>&1 &&
    ! { apt_get update && apt_get install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    die "apt-get could not install ${missing[*]}"
  fi
  rm -f "$log"
}

# ONNX Runtime comes by npm, whose Debian package is large: it is installed only where there is no npm, and not
# at all where the library has been fetched before.
# install_onnxruntime [--machine PROCESSOR]
install_onnxruntime() {
  local fetch=third_party/onnxruntime/fetch
  if "$fetch" --cached "$@" >/dev/null; then return; fi
  command -v npm >/dev/null || install_packages nodejs npm
  "$fetch" "$@" >/dev/null
}

# What cross-building for arm64 and its tests need. Nothing of arm64 is installed: it is unpacked under ~/.cache.
install_for_arm64() {
  install_packages "${packages_arm64[@]}"
  scripts/sysroot-arm64 >/dev/null
  install_onnxruntime --machine aarch64
  tests/kernel/fetch >/dev/null
}

# As many compilers at once as there are processors, and a gigabyte of free memory for each.
build_jobs() {
  awk -v processors="$(nproc)" '$1 == "MemAvailable:" {
    jobs = int($2 / 1048576)
    if (jobs > processors) jobs = processors
    print jobs < 1 ? 1 : jobs
  }' /proc/meminfo
}

# build_preset PRESET [cmake option...]
build_preset() {
  local preset=$1
  shift
  say "building build/$preset"
  cmake --preset "$preset" "$@" >/dev/null
  cmake --build --preset "$preset" --parallel "$(build_jobs)"
}
