#!/bin/sh
# Runs the firmware under qemu-system-arm. The line to the bridge is a pseudo-terminal, whose name QEMU prints; the console is this
# terminal (try `step on` and `report`; see src/console.rs). Ends with Ctrl-C. The flash is the file target/flash.
set -eu
images=$("$(dirname "$0")/build.sh")
flash=$images/../../flash
exec qemu-system-arm -M mps2-an386,memory-backend=psram -cpu cortex-m4 \
    -object memory-backend-file,id=psram,size=16M,share=on,mem-path="$flash" -display none -monitor none -serial pty -serial stdio \
    -kernel "$images/body-scanner"
