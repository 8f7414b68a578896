"""Every number that crosses from Python fits or is refused. Arguments: STORE SEED CERTIFICATE ANCHOR TRUST CATALOGUE
STATUS CODE NOW, all but the last ones files.
"""

import ctypes
import sys

import onecard

# Each kind of number that ctypes knows, with its size in bits and whether it has a sign.
NUMBERS = {ctypes.c_int64: (64, True), ctypes.c_uint32: (32, False), ctypes.c_uint64: (64, False)}
NUMBERS[ctypes.c_size_t] = (8 * ctypes.sizeof(ctypes.c_size_t), False)


def refused(call, *arguments):
    try:
        call(*arguments)
    except OverflowError:
        return
    raise AssertionError("not refused: %r" % (arguments,))


def every_argument():
    """One number too large or too small in each place of each function, and nothing else; the library is not reached."""
    places = 0
    for name, kinds in onecard._FUNCTIONS.items():
        for place, kind in enumerate(kinds):
            if kind not in NUMBERS:
                assert issubclass(kind, (ctypes.c_char_p, ctypes.c_void_p, ctypes._Pointer)), (name, kind)
                continue
            bits, signed = NUMBERS[kind]
            low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else (0, 2**bits)
            for number in (low - 1, high, high + 1, 2**70):
                arguments = [0 if other in NUMBERS else None for other in kinds]
                arguments[place] = number
                refused(onecard._library[name], *arguments)
            places += 1
    assert places > 30, places


def a_gate(store, seed, certificate, anchor, trust, catalogue, status, code, now):
    def load(path):
        with open(path, "rb") as file:
            return file.read()

    now = int(now)
    code = load(code)
    with onecard.Bundle(load(trust), load(anchor)) as bundle:
        bundle.update_catalogue(load(catalogue), now)
        bundle.update_status(load(status), now)
        refused(bundle.update_status, load(status), now + 2**64)
        refused(onecard.Gate, store, load(seed), load(certificate), bundle, now + 2**64)
        with onecard.Gate(store, load(seed), load(certificate), bundle, now) as gate:
            refused(gate.admit, code, now, 2**32 + 1)
            refused(gate.admit, code, now, -(2**32) + 1)
            refused(gate.admit, code, now + 2**64)
            refused(gate.admit, code, now, 1, 2**32)
            decision = gate.admit(code, now)
            assert (decision.kind, decision.index) == (onecard.ADMIT, 2), "nothing was recorded before"
            refused(gate.annul, decision.index + 2**64, now)
            refused(gate.segment, 2**64)
            refused(onecard.reason_text, 2**32)
            refused(onecard.reason_text, decision.reason, 2**32 + onecard.ZH)
            refused(onecard.audit, ".", load(anchor), 2**32 + 1)
            gate.annul(decision.index, now)


a_gate(*sys.argv[1:])
every_argument()
