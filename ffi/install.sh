#!/usr/bin/env bash
# Installs what the plain build made, for who has no cargo-c:
#
#   cargo build -p onecard-ffi --release
#   bash ffi/install.sh PREFIX [DIRECTORY WITH THE LIBRARIES]
#
# Both libraries, the headers and a pkg-config file, under the names that `cargo cinstall` gives them. For
# systems with ELF.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
prefix=${1:?"usage: install.sh PREFIX [DIRECTORY]"}
from=${2:-$here/../target/release}

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$here/../Cargo.toml")
# The build wrote it into the library.
soname=$(readelf -d "$from/libonecard_ffi.so" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
[[ $soname == libonecard.so.* ]] || { echo "libonecard_ffi.so has no soname of ours" >&2; exit 1; }

mkdir -p "$prefix/lib/pkgconfig" "$prefix/include"
prefix=$(cd "$prefix" && pwd)
install -m 644 "$from/libonecard_ffi.a" "$prefix/lib/libonecard.a"
install -m 755 "$from/libonecard_ffi.so" "$prefix/lib/libonecard.so.$version"
[[ $soname == "libonecard.so.$version" ]] || ln -sf "libonecard.so.$version" "$prefix/lib/$soname"
ln -sf "$soname" "$prefix/lib/libonecard.so"
install -m 644 "$here/include/onecard.h" "$here/examples/onecard.hpp" "$prefix/include"
cat >"$prefix/lib/pkgconfig/onecard.pc" <<EOF
prefix=$prefix
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: onecard
Description: Verification core of city tourism passes
Version: $version
Libs: -L\${libdir} -lonecard
Libs.private: -lpthread -ldl -lm
Cflags: -I\${includedir}
EOF
