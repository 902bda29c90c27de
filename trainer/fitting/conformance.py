"""Whether a graph answers as the contract says, whoever made it."""

import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as faults

from game.features import NAMES
from game.moves import MOVES
from models.bundle import INPUT, OUTPUT
from trainer.data.columns import Features
from trainer.fitting.served import Served

TOLERANCE = 1e-4
"""How far from 1 three probabilities may sum, and a row alone from the same row among others."""
_ALONE = 16

_FAULTS = (
    faults.Fail,
    faults.InvalidArgument,
    faults.InvalidGraph,
    faults.InvalidProtobuf,
    faults.NotImplemented,
    faults.RuntimeException,
)
"""ONNX Runtime's exceptions have no common ancestor below Exception."""


def fault(model: bytes, features: Features) -> str | None:
    """What is wrong with it, in a sentence, if anything is; `features` [n, 50] are what it is asked."""
    try:
        return _names(model) or _answers(Served(model), features)
    except (*_FAULTS, ValueError, RuntimeError) as error:
        return f"ONNX Runtime refuses it: {' '.join(str(error).split())[:200]}"


def _names(model: bytes) -> str | None:
    options = ort.SessionOptions()
    options.log_severity_level = 4  # what is wrong is told in our own words
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    inputs = [(one.name, one.type, one.shape[1:]) for one in session.get_inputs()]
    if inputs != [(INPUT, "tensor(float)", [len(NAMES)])]:
        return f"Its inputs are {inputs}, not {INPUT} [n, {len(NAMES)}]."
    outputs = {one.name: one.type for one in session.get_outputs()}
    if outputs.get(OUTPUT) != "tensor(float)":
        return f"Its outputs are {outputs}, without {OUTPUT} [n, {len(MOVES)}]."
    return None


def _answers(model: Served, features: Features) -> str | None:
    found = model.predict(features)
    if found.shape != (len(features), len(MOVES)):
        return f"Its output has the shape {found.shape}, not [n, {len(MOVES)}]."
    if not np.isfinite(found).all():
        return "It answers with what is not a number."
    if (found < 0).any() or not np.allclose(found.sum(axis=1), 1, rtol=0, atol=TOLERANCE):
        return "Its answers are no probabilities: some are negative or do not sum to 1."
    alone = [model.predict(row[None]) for row in features[:_ALONE]]
    if not np.allclose(np.concatenate([found[:0], *alone]), found[:_ALONE], rtol=0, atol=TOLERANCE):
        return "It answers otherwise for a round among others than for the same round alone."
    return None
