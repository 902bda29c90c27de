"""Whether a graph answers as the contract says, whoever made it."""

import numpy as np
import onnxruntime as ort

from game.features import NAMES
from game.moves import MOVES
from models.bundle import INPUT, OUTPUT
from models.experts.reading import MEMORY, NEXT_MEMORY, PRIOR
from models.runtime import FAULTS, FLOAT
from trainer.data.rows import Rows
from trainer.fitting.reading.follow import Shapes, shapes
from trainer.fitting.served import Served, first

TOLERANCE = 1e-4
"""How far from 1 three probabilities may sum, and a row alone from the same row among others."""
_ALONE = 16
_GATE_OUTPUTS = (OUTPUT, NEXT_MEMORY, PRIOR)


def fault(model: bytes, reads: str, rows: Rows) -> str | None:
    """What is wrong with it, in a sentence, if anything is; `reads` as in the manifest, `rows` are what it is asked."""
    try:
        return _names(model, reads) or _answers(Served(model, reads), rows)
    except (*FAULTS, ValueError, RuntimeError) as error:
        return f"ONNX Runtime refuses it: {' '.join(str(error).split())[:200]}"


def _names(model: bytes, reads: str) -> str | None:
    options = ort.SessionOptions()
    options.log_severity_level = 4  # what is wrong is told in our own words
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    inputs = {one.name: one.shape[1:] for one in session.get_inputs()}
    floats = all(one.type == FLOAT for one in session.get_inputs())
    wanted = _gate_inputs(inputs) if reads else {INPUT: [len(NAMES)]}
    if inputs != wanted or not floats:
        return f"Its inputs are {inputs}, not {wanted} of float32."
    outputs = {one.name: one.type for one in session.get_outputs()}
    if missing := [name for name in (_GATE_OUTPUTS if reads else (OUTPUT,)) if outputs.get(name) != FLOAT]:
        return f"Its outputs are {outputs}, without {' and '.join(missing)} of float32."
    return None


def _gate_inputs(inputs: Shapes) -> Shapes:
    """What a gate takes that remembers as much as this one."""
    match inputs.get(MEMORY):
        case [int(memory)]:
            return shapes(memory)
    return shapes(1)


def _answers(model: Served, rows: Rows) -> str | None:
    found = model.predict(rows)
    if found.shape != (len(rows), len(MOVES)):
        return f"Its output has the shape {found.shape}, not [n, {len(MOVES)}]."
    if not np.isfinite(found).all():
        return "It answers with what is not a number."
    if (found < 0).any() or not np.allclose(found.sum(axis=1), 1, rtol=0, atol=TOLERANCE):
        return "Its answers are no probabilities: some are negative or do not sum to 1."
    for part in first(model.alone(rows), _ALONE):
        if not np.allclose(model.predict(rows.where(part)), found[part], rtol=0, atol=TOLERANCE):
            return "It answers otherwise for rounds among others than for the same rounds alone."
    return None
