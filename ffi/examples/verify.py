"""Anybody's check of what cities published: an audit of all of it, and every receipt by itself.

    verify.py DIRECTORY ANCHOR

ANCHOR is the SHA-256 of the first trust list in hex. The directory is as `four_cities --out` leaves it. Exit 0 when
nothing is wrong.
"""

import glob
import os
import sys

import onecard


def load(path):
    with open(path, "rb") as file:
        return file.read()


def say(text):
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Nobody reads any more; the exit code still tells.
        sys.stdout = open(os.devnull, "w")


def sequence(path):
    return int(path.rsplit("-", 1)[1].split(".")[0])


def main(directory, anchor):
    audited, _ = onecard.audit(directory, anchor, threads=2)
    say("%d errors, %d notices, %d over-use" % (audited.errors, audited.notices, audited.over_use))
    say("%d ledgers, %d journals, %d redemptions" % (audited.ledgers, audited.journals, audited.redemptions))
    if audited.has_statement:
        say("statement " + bytes(audited.statement).hex())
    lists = sorted(glob.glob(os.path.join(directory, "trust", "trust-list-*.cose")), key=sequence)
    receipts = sorted(glob.glob(os.path.join(directory, "receipts", "*.tlog-proof")))
    with onecard.History(load(lists[0]), anchor) as history:
        for later in lists[1:]:
            history.add(load(later))
        for path in receipts:
            told = history.verify(load(path))
            say("receipt %d/gate/%d %d: pass %s" % (told.member, told.gate, told.index, told.pass_id.decode()))
    return audited.errors == 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: verify.py DIRECTORY ANCHOR")
    sys.exit(0 if main(sys.argv[1], bytes.fromhex(sys.argv[2])) else 1)
