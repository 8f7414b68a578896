"""A gate that a program opened before it forked: `multiprocessing`, and a pool that is forked ahead.

The first argument is the directory of the fixtures that tests/forked.rs wrote.
"""

import multiprocessing
import os
import sys

import onecard

NOW = 1_790_816_400
directory = sys.argv[1]


def load(name):
    with open(os.path.join(directory, name), "rb") as file:
        return file.read()


def admit(name):
    """What a worker gets: the reason, or that the gate is another process's."""
    try:
        return gate.admit(load(name), NOW).reason
    except onecard.Forked as error:
        assert error.status == onecard.FORKED == 16
        return "forked"


def free(_):
    gate.close()
    return admit("code2")


bundle = onecard.Bundle(load("trust"), load("anchor"))
bundle.update_catalogue(load("catalogue"), NOW)
bundle.update_status(load("status"), NOW)
path = os.path.join(directory, "gate of python")
gate = onecard.Gate(path, load("seed"), load("certificate"), bundle, NOW)
assert gate.admit(load("code1"), NOW).index == 2

fork = multiprocessing.get_context("fork")
with fork.Pool(4) as pool:
    assert pool.map(admit, ["code1", "code2", "code3", "code1"] * 5) == ["forked"] * 20
assert gate.admit(load("code2"), NOW).index == 3

with fork.Pool(1) as pool:
    # NULL is no handle.
    try:
        pool.map(free, [0])
        raise AssertionError("a closed gate was used")
    except onecard.Error as error:
        assert error.status == 2, error
assert gate.admit(load("code3"), NOW).index == 4

child = os.fork()
if child == 0:
    # As a program that ends: everything is closed.
    gate.close()
    bundle.close()
    os._exit(0)
assert os.waitpid(child, 0) == (child, 0)
try:
    onecard.Gate(path, load("seed"), load("certificate"), bundle, NOW)
    raise AssertionError("the store was unlocked")
except onecard.Error as error:
    assert error.status == 502, error
assert gate.seal() == 5
gate.close()
gate = onecard.Gate(path, load("seed"), load("certificate"), bundle, NOW)
assert gate.seal() == 7
gate.close()
