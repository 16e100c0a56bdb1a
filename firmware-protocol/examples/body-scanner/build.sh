#!/bin/sh
# Builds the firmware and prints the folder of the images. For what is needed, see bare-metal.sh.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=$here/target
"$here/../../bare-metal.sh" build --release --manifest-path "$here/Cargo.toml" --target-dir "$target" >&2
echo "$target/thumbv7em-none-eabihf/release"
