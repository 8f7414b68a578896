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
[[ -n ${CARGO_ENCODED_RUSTFLAGS+set} ]] || flags=${flags// /$separator}
home=${CARGO_HOME:-$HOME/.cargo}
# The name of a registry's directory is that of its host, which may be a mirror: it has to be there to be left out.
cargo fetch --quiet --manifest-path "$root/Cargo.toml"
# Of several that fit, the last counts: a cargo home may lie inside the sources.
for place in "$root=onecard" "$(rustc --print sysroot)=rust" "$home=cargo"; do
    flags+=${flags:+$separator}--remap-path-prefix=$place
done
for registry in "$home"/registry/src/*/; do
    flags+=$separator--remap-path-prefix=${registry%/}=cargo
done
CARGO_ENCODED_RUSTFLAGS=$flags cargo build --manifest-path "$root/Cargo.toml" -p onecard-ffi --release "$@"
