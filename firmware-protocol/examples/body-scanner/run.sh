#!/bin/sh
# Runs the firmware under qemu-system-arm. The line to the bridge is a pseudo-terminal, whose name QEMU prints; the console is this
# terminal (try `step on` and `report`; see src/console.rs). Ends with Ctrl-C.
set -eu
images=$("$(dirname "$0")/build.sh")
exec qemu-system-arm -M mps2-an386 -cpu cortex-m4 -display none -monitor none -serial pty -serial stdio \
    -kernel "$images/body-scanner"
