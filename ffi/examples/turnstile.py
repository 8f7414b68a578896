"""The turnstile of turnstile.c, in Python with onecard.py: the same arguments, the same answers."""

import os
import sys
import time

import onecard

BARRIER = {onecard.ADMIT: "open", onecard.REFER: "staff"}


def now():
    return int(os.environ.get("ONECARD_NOW") or time.time())


def load(path):
    with open(path, "rb") as file:
        return file.read()


def load_lists(anchor, paths):
    def of(kind):
        return [load(path) for path in paths if os.path.basename(path).startswith(kind)]

    trust = of("trust-list-")
    bundle = onecard.Bundle(trust[0], bytes.fromhex(anchor))
    for later in trust[1:]:
        bundle.update_trust(later, now())
    for catalogue in of("catalogue-"):
        bundle.update_catalogue(catalogue, now())
    for status in of("status-"):
        bundle.update_status(status, now())
    return bundle


def answer(gate, code):
    decision = gate.admit(code, now())
    barrier = BARRIER.get(decision.kind, "closed")
    screen = onecard.reason_text(decision.reason) if decision.shows_detail == 1 else "please see staff"
    print(barrier, decision.reason, decision.due_fen, screen, sep="\t", flush=True)


def main(store, seed, certificate, anchor, *lists):
    with load_lists(anchor, lists) as bundle, onecard.Gate(
        store, load(seed), load(certificate), bundle, now()
    ) as gate:
        for line in sys.stdin.buffer:
            # The scanner's line end is no part of the code.
            answer(gate, line[:-1].removesuffix(b"\r") if line.endswith(b"\n") else line)
        size = gate.seal()
        with open(store + ".segment", "wb") as file:
            file.write(gate.segment(0))
        print("sealed", size, sep="\t")


if __name__ == "__main__":
    if len(sys.argv) < 6:
        sys.exit("usage: turnstile.py STORE SEED CERTIFICATE ANCHOR LIST...")
    main(*sys.argv[1:])
