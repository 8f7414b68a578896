#!/usr/bin/env bash
# Builds the C library to be handed out: `cargo build -p onecard-ffi --release`, with no path of this machine inside.
#
#   bash ffi/build.sh [MORE FOR CARGO, SUCH AS --locked OR --target]
#
# The places of sources, which are in the texts of panics, become `onecard/…`, `cargo/…` and `rust/…`.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Flags may have spaces, so they are handed on as cargo encodes them; of those of a configuration file, cargo takes none.
separator=$'\x1f'
flags=${CARGO_ENCODED_RUSTFLAGS-${RUSTFLAGS:-}}
[[ -v CARGO_ENCODED_RUSTFLAGS ]] || flags=${flags// /$separator}
# Of several that fit, the last counts: a cargo home may lie inside the sources.
for place in "$root=onecard" "$(rustc --print sysroot)=rust" "${CARGO_HOME:-$HOME/.cargo}=cargo"; do
    flags+=${flags:+$separator}--remap-path-prefix=$place
done
CARGO_ENCODED_RUSTFLAGS=$flags cargo build --manifest-path "$root/Cargo.toml" -p onecard-ffi --release "$@"
