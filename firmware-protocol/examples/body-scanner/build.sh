#!/bin/sh
# Builds the firmware for thumbv7em-none-eabihf and prints the path of the image's folder.
# Uses the target of the installed toolchain if it is there (`rustup target add thumbv7em-none-eabihf`), else lets cargo build
# `core` from the sources of Debian's compiler (packages rustc-web and rust-web-src). Needs ld.lld in the second case.
set -eu
cd "$(dirname "$0")"
target=thumbv7em-none-eabihf
if [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
    cargo build --release --target "$target" "$@" >&2
else
    # `core` alone: a crate that asked for a heap would not compile.
    RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS="-C linker=ld.lld -C linker-flavor=ld.lld" \
        cargo build --release --target "$target" -Zbuild-std=core "$@" >&2
fi
echo "$PWD/target/$target/release"
