"""onecard for Python 3.9 and later, by ctypes and nothing else.

The library is the file named by ONECARD_LIBRARY, else what the system finds as "onecard". A class holds one
handle and frees it; each is a context manager. A status that is not OK is an Error, and a number that C has no room
for an OverflowError. What a gate answers is the Decision of onecard.h. Threads may share a handle: a call waits for
its turn outside Python's own lock.
"""

import ctypes
import ctypes.util
import os
from ctypes import POINTER, byref, c_char, c_char_p, c_int64, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p

OK, FORKED, STORE_MISSING, STORE_FOREIGN = 0, 16, 500, 503
ADMIT, REFER, DENY = 0, 1, 2
ZH, EN = 0, 1


class Decision(ctypes.Structure):
    """What a gate answers to one scan."""

    _fields_ = [
        ("index", c_uint64),
        ("next", c_int64),
        ("valid_until", c_int64),
        ("uses_left", c_int64),
        ("kind", c_uint32),
        ("reason", c_uint32),
        ("grant", c_uint32),
        ("due_fen", c_uint32),
        ("shows_detail", c_uint32),
        ("reserved", c_uint32 * 3),
    ]


class Receipted(ctypes.Structure):
    """What a verified receipt says."""

    _fields_ = (
        [(name, c_uint64) for name in ("index", "entry")]
        + [(name, c_int64) for name in ("time", "logged", "final_at")]
        + [
            (name, c_uint32)
            for name in "member gate kind issuer product product_version grant party due_fen flags".split()
        ]
        + [("pass_id", c_char * 20), ("digest", c_uint8 * 32), ("reserved", c_uint32)]
    )


class Audited(ctypes.Structure):
    """What an audit came to."""

    _fields_ = (
        [
            (name, c_uint64)
            for name in (
                "errors notices over_use ledgers entries journals records redemptions evidence pruned".split()
            )
        ]
        + [("has_statement", c_uint32), ("reserved", c_uint32)]
        + [("anchor", c_uint8 * 32), ("statement", c_uint8 * 32)]
    )


assert (ctypes.sizeof(Decision), ctypes.sizeof(Receipted), ctypes.sizeof(Audited)) == (64, 136, 152)

_BYTES = (c_char_p, c_size_t)
_HANDLE = POINTER(c_void_p)
_FUNCTIONS = {
    "audit": (*_BYTES, *_BYTES, c_uint32, POINTER(Audited), _HANDLE),
    "buffer_data": (c_void_p, POINTER(c_void_p), POINTER(c_size_t)),
    "buffer_free": (_HANDLE,),
    "bundle_free": (_HANDLE,),
    "bundle_new": (*_BYTES, *_BYTES, _HANDLE),
    "bundle_update_catalogue": (c_void_p, *_BYTES, c_int64),
    "bundle_update_status": (c_void_p, *_BYTES, c_int64),
    "bundle_update_trust": (c_void_p, *_BYTES, c_int64),
    "gate_admit": (c_void_p, *_BYTES, c_uint32, c_uint32, c_int64, POINTER(Decision)),
    "gate_annul": (c_void_p, c_uint64, c_int64),
    "gate_create": (*_BYTES, *_BYTES, *_BYTES, c_void_p, c_int64, _HANDLE),
    "gate_free": (_HANDLE,),
    "gate_open": (*_BYTES, *_BYTES, *_BYTES, c_void_p, c_int64, _HANDLE),
    "gate_seal": (c_void_p, POINTER(c_uint64)),
    "gate_segment": (c_void_p, c_uint64, _HANDLE),
    "history_add": (c_void_p, *_BYTES),
    "history_free": (_HANDLE,),
    "history_new": (*_BYTES, *_BYTES, _HANDLE),
    "reason_text": (c_uint32, c_uint32, POINTER(c_void_p), POINTER(c_size_t)),
    "receipt_verify": (c_void_p, *_BYTES, POINTER(Receipted)),
    "status_text": (c_uint32, c_uint32, POINTER(c_void_p), POINTER(c_size_t)),
}


# ctypes cuts what is too large, so that 2**32 + 1 people would be one.
_RANGES = {
    c_int64: (-(2**63), 2**63 - 1),
    c_size_t: (0, 2 ** (8 * ctypes.sizeof(c_size_t)) - 1),
    c_uint32: (0, 2**32 - 1),
    c_uint64: (0, 2**64 - 1),
}


def _checked(function, kinds):
    """A function of the library that takes every number as it is, or not at all."""

    def call(*arguments):
        for kind, argument in zip(kinds, arguments):
            if kind in _RANGES:
                least, most = _RANGES[kind]
                if not least <= argument <= most:
                    raise OverflowError("%d is not from %d to %d" % (argument, least, most))
        return function(*arguments)

    return call


def _load():
    """The functions of the library by their names without `onecard_`."""
    path = os.environ.get("ONECARD_LIBRARY") or ctypes.util.find_library("onecard")
    if path is None:
        raise OSError("libonecard is not found: name the file in ONECARD_LIBRARY")
    library = ctypes.CDLL(path)
    functions = {}
    for name, arguments in _FUNCTIONS.items():
        function = getattr(library, "onecard_" + name)
        function.argtypes, function.restype = arguments, c_uint32
        functions[name] = _checked(function, arguments)
    return functions


_library = _load()


def _text(name, number, lang):
    start, length = c_void_p(), c_size_t()
    if _library[name](number, lang, byref(start), byref(length)) != OK:
        return "number %d" % number
    return ctypes.string_at(start, length.value).decode()


def reason_text(reason, lang=EN):
    """The text of a reason."""
    return _text("reason_text", reason, lang)


class Error(Exception):
    """A call did not do what it was asked; `status` says why."""

    def __init__(self, status):
        super().__init__("%s (%d)" % (_text("status_text", status, EN), status))
        self.status = status

    def __reduce__(self):
        # `multiprocessing` pickles what a worker raises.
        return type(self), (self.status,)


class Forked(Error):
    """This process was forked from the one that opened the handle: `multiprocessing` does so. Open it anew here."""


def _call(name, *arguments):
    status = _library[name](*arguments)
    if status == FORKED:
        raise Forked(status)
    if status != OK:
        raise Error(status)


def _bytes(*values):
    """Each value as a pointer and a length. The caller keeps the values alive for the call."""
    return [part for value in values for part in (value, len(value))]


class _Owned:
    """One handle, freed at the end."""

    _free = None

    def __init__(self, name, *arguments):
        self._handle = c_void_p()
        _call(name, *arguments, byref(self._handle))

    def close(self):
        """Frees the handle; once more does nothing."""
        _call(self._free, byref(self._handle))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class _Buffer(_Owned):
    _free = "buffer_free"

    def __init__(self, handle):
        self._handle = handle

    def read(self):
        start, length = c_void_p(), c_size_t()
        _call("buffer_data", self._handle, byref(start), byref(length))
        return ctypes.string_at(start, length.value)


class Bundle(_Owned):
    """Everything a gate needs to decide offline."""

    _free = "bundle_free"

    def __init__(self, trust, anchor):
        super().__init__("bundle_new", *_bytes(trust, anchor))

    def update_trust(self, trust, now):
        _call("bundle_update_trust", self._handle, *_bytes(trust), now)

    def update_catalogue(self, catalogue, now):
        _call("bundle_update_catalogue", self._handle, *_bytes(catalogue), now)

    def update_status(self, status, now):
        _call("bundle_update_status", self._handle, *_bytes(status), now)


class Gate(_Owned):
    """A gate on its store, which is made where there is none, or one whose creation was cut short."""

    _free = "gate_free"

    def __init__(self, path, seed, certificate, bundle, now):
        arguments = (*_bytes(path.encode(), seed, certificate), bundle._handle, now)
        try:
            super().__init__("gate_open", *arguments)
        except Error as error:
            if error.status not in (STORE_MISSING, STORE_FOREIGN):
                raise
            super().__init__("gate_create", *arguments)

    def admit(self, code, now, party=1, flags=0):
        """Decides on a scanned code; the barrier opens where `kind` is ADMIT."""
        decision = Decision()
        _call("gate_admit", self._handle, *_bytes(code), party, flags, now, byref(decision))
        return decision

    def annul(self, index, now):
        _call("gate_annul", self._handle, index, now)

    def seal(self):
        """Signs what was recorded and tells the size of the journal."""
        size = c_uint64()
        _call("gate_seal", self._handle, byref(size))
        return size.value

    def segment(self, first):
        """The sealed records from `first` on, for the gate's city."""
        segment = c_void_p()
        _call("gate_segment", self._handle, first, byref(segment))
        with _Buffer(segment) as buffer:
            return buffer.read()


class History(_Owned):
    """Trust lists, one after the other."""

    _free = "history_free"

    def __init__(self, trust, anchor):
        super().__init__("history_new", *_bytes(trust, anchor))

    def add(self, trust):
        _call("history_add", self._handle, *_bytes(trust))

    def verify(self, receipt):
        """What a receipt says, if it is good."""
        receipted = Receipted()
        _call("receipt_verify", self._handle, *_bytes(receipt), byref(receipted))
        return receipted


def audit(directory, anchor, threads=1):
    """Audits published files: what it came to, and the report in JSON."""
    audited, report = Audited(), c_void_p()
    _call("audit", *_bytes(directory.encode(), anchor), threads, byref(audited), byref(report))
    with _Buffer(report) as buffer:
        return audited, buffer.read()
