#!/usr/bin/env bash
# Installs what build.sh (or a plain release build) made, where there is no cargo-c:
#
#   bash ffi/build.sh
#   bash ffi/install.sh PREFIX [DIRECTORY WITH THE LIBRARIES]
#
# Both libraries, stripped, the headers and a pkg-config file, under the names that `cargo cinstall` gives them. For
# systems with ELF. As for other packages, from the environment:
#
#   DESTDIR           below which everything is put, and which nothing of it names; none by default
#   LIBDIR            where libraries go; PREFIX/lib by default
#   CARGO_TARGET_DIR  where cargo built, unless a directory is given
#   STRIP             the program that strips, such as that of another architecture; `:` to strip nothing
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
prefix=${1:?"usage: install.sh PREFIX [DIRECTORY]"}
[[ $prefix == /* ]] || prefix=$PWD/$prefix
prefix=${prefix%/}
libdir=${LIBDIR:-$prefix/lib}
[[ $libdir == /* ]] || libdir=$prefix/$libdir
from=${2:-${CARGO_TARGET_DIR:-$root/target}/release}
strip=${STRIP:-strip}

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$root/Cargo.toml")
# The build wrote it into the library. On Android it has no version, and then the file has none.
soname=$(readelf -d "$from/libonecard_ffi.so" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
case $soname in
    libonecard.so) shared=$soname ;;
    libonecard.so.*) shared=libonecard.so.$version ;;
    *) echo "libonecard_ffi.so has no soname of ours" >&2 && exit 1 ;;
esac

lib=${DESTDIR:-}$libdir
include=${DESTDIR:-}$prefix/include
mkdir -p "$lib/pkgconfig" "$include"
install -m 644 "$from/libonecard_ffi.a" "$lib/libonecard.a"
install -m 755 "$from/libonecard_ffi.so" "$lib/$shared"
# Programs are linked by the symbols of an archive; of a shared library, the exported ones are enough.
"$strip" --strip-debug "$lib/libonecard.a"
"$strip" --strip-unneeded "$lib/$shared"
for name in "$soname" libonecard.so; do
    [[ $name == "$shared" ]] || ln -sf "$shared" "$lib/$name"
done
install -m 644 "$root/ffi/include/onecard.h" "$root/ffi/examples/onecard.hpp" "$include"
cat >"$lib/pkgconfig/onecard.pc" <<PC
prefix=$prefix
libdir=${libdir/#"$prefix/"/'${prefix}/'}
includedir=\${prefix}/include

Name: onecard
Description: Verification core of city tourism passes
Version: $version
Libs: -L\${libdir} -lonecard
Libs.private: -lpthread -ldl -lm
Cflags: -I\${includedir}
PC
for place in "$root" "${CARGO_HOME:-${HOME:-/nowhere}/.cargo}"; do
    if grep -qaF "$place/" "$lib/libonecard.a" "$lib/$shared"; then
        echo "note: the libraries name $place; ffi/build.sh makes some that do not" >&2
    fi
done
