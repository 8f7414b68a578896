#!/usr/bin/env bash
# Which lines of the core run: once under the tests, once under the replay of the fuzz corpora. Prints what was
# not run of each file, and two tables; fails where a module comes to less than 95 %. docs/testing.md says how to read it.
#
#   bash tests/coverage.sh            both
#   bash tests/coverage.sh corpora    one of them: tests or corpora
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

TARPAULIN=0.37.5
MODULES="crypto wire tlog trust pass product gate ledger audit"
LEAST=95

if [[ $(cargo tarpaulin --version 2>/dev/null || true) != "cargo-tarpaulin-tarpaulin $TARPAULIN" ]]; then
    cargo install --locked --version "$TARPAULIN" cargo-tarpaulin
fi
mkdir -p target/coverage
# Instruments the packages of this workspace alone, all of them, since each has generic code of the core. To count what runs
# of the curve would take an hour.
cat >target/coverage/rustc <<WRAPPER
#!/usr/bin/env bash
if [[ \${CARGO_MANIFEST_DIR:-} != "$PWD" && \${CARGO_MANIFEST_DIR:-} != "$PWD"/@(store|ffi|cli|testkit|fuzz) ]]; then
    for argument; do
        shift
        if [[ \$argument != -Cinstrument-coverage ]]; then set -- "\$@" "\$argument"; fi
    done
fi
exec "\$@"
WRAPPER
chmod +x target/coverage/rustc
export RUSTC_WRAPPER=$PWD/target/coverage/rustc

# covered NAME ARGUMENT...: runs these tests. Lines of #[cfg(test)] are never counted.
covered() {
    local name=$1 output=target/coverage/$1.txt
    shift
    # By itself: what a test starts, and other packages, are no part of it.
    if ! cargo tarpaulin --engine llvm --locked --skip-clean --target-dir target/coverage --packages onecard \
        --include-files 'src/*' --exclude-files 'src/*tests/*' \
        --timeout 3600 --out Stdout "$@" >"$output" 2>&1; then
        tail -50 "$output"
        return 1
    fi
    # Build scripts are instrumented too, and write their profile here.
    rm -f build_rs_cov.profraw
    echo "== ${name}: lines not run"
    sed -n '/Uncovered Lines:/,/Tested\/Total Lines:/{/^|| src/p}' "$output"
    echo "== ${name}: lines run"
    awk -v modules="$MODULES" -v least="$LEAST" '
        /Tested\/Total Lines:/ { table = 1 }
        table && match($0, /src\/[a-z]+\//) {
            module = substr($0, RSTART + 4, RLENGTH - 5)
            split($3, of, "/")
            run[module] += of[1]; all[module] += of[2]
        }
        function row(name, run, all) {
            printf "%-8s %5d of %5d  %5.1f %%\n", name, run, all, 100 * run / all
            if (100 * run < least * all) low = 1
        }
        END {
            count = split(modules, names, " ")
            for (at = 1; at <= count; at++) {
                name = names[at]
                row(name, run[name], all[name])
                total_run += run[name]; total += all[name]
            }
            row("all", total_run, total)
            exit low
        }' "$output"
}

tests() {
    local arguments=(--lib) path name
    for path in tests/*.rs tests/*/main.rs; do
        name=$(basename "${path%/main.rs}" .rs)
        # The venue is a program of its own, which would be built again here.
        if [[ $name != @(corpus_replay|venue) ]]; then arguments+=(--test "$name"); fi
    done
    covered tests "${arguments[@]}"
}

corpora() {
    covered corpora --test corpus_replay -- every_corpus_replays
}

case ${1:-both} in
    both)
        failed=0
        tests || failed=1
        corpora || failed=1
        exit $failed
        ;;
    tests | corpora) "$1" ;;
    *) echo "tests, corpora, or nothing for both" && exit 2 ;;
esac
