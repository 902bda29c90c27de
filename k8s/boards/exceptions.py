"""Expressions that find nothing though all is well and all that can be provoked in minutes has been."""

_NO_STREAM = "Where this is tried there is no stream."

EXCEPTIONS = {
    "drift: Population stability index: A": "It takes 500 rounds on either side.",
    "lifecycle: Time left: A": "Between cycles there is none.",
    "resources: Servers that lead: A": _NO_STREAM,
    "resources: Rows not there yet: A": _NO_STREAM,
    "resources: Rows not there yet: B": _NO_STREAM,
    "resources: Rows sent, by result: A": _NO_STREAM,
    "resources: A batch (p95): A": _NO_STREAM,
}
"""Where they stand, as `expressions` tells it, and why."""
