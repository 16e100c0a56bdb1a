#!/bin/sh
# cargo for thumbv7em-none-eabihf (Cortex-M4): `./bare-metal.sh build --release ...`. Without arguments: the check that the
# protocol, its C interface and the firmware of the example need neither an operating system nor a heap.
#
# Uses the target of the installed toolchain if it is there (`rustup target add thumbv7em-none-eabihf`), else lets cargo build
# `core` from the sources of Debian's compiler (packages rustc-web, rust-web-src and lld). In the second case there is no
# `alloc` at all: a crate that asked for a heap would not compile. In the first, no program would link, for none has an allocator.
# Exit code 3: neither is there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=thumbv7em-none-eabihf

bare_cargo() {
    # Flags for the host, such as its linker, mean nothing here, and features must not be unified with those of its programs.
    unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_RESOLVER_FEATURE_UNIFICATION CARGO_UNSTABLE_FEATURE_UNIFICATION
    command=$1
    shift
    if [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
        cargo "$command" --target "$target" "$@"
    elif [ -x /usr/bin/rustc ] && [ -d /usr/lib/rustlib/src ] && command -v ld.lld >/dev/null; then
        RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS="-C linker=ld.lld -C linker-flavor=ld.lld" \
            cargo "$command" --target "$target" -Zbuild-std=core "$@"
    else
        echo "no compiler for $target: rustup target add $target, or apt-get install rustc-web rust-web-src lld" >&2
        exit 3
    fi
}

if [ $# -gt 0 ]; then
    bare_cargo "$@"
    exit
fi
for package in "$here" "$here/ffi"; do
    bare_cargo build --release --manifest-path "$package/Cargo.toml" --target-dir "$here/target/bare-metal"
done
cargo test --lib --manifest-path "$here/examples/body-scanner/Cargo.toml"
"$here/examples/body-scanner/build.sh"
