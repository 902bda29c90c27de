"""`python -m server verify TRANSCRIPT.json`: check a finished match from its seed alone."""

import sys
from pathlib import Path

from msgspec import MsgspecError, json

from game.transcript import Transcript, verify

HOLDS, FAULTY, UNREADABLE = 0, 1, 2


def main(path: Path, as_json: bool) -> int:
    """Print what was found; 0 if every seal, value and score holds, 1 if not, 2 if it is no transcript."""
    try:
        told = json.decode(path.read_bytes(), type=Transcript)
    except OSError as error:
        sys.stderr.write(f"{path} cannot be read: {error.strerror}.\n")
        return UNREADABLE
    except MsgspecError as error:
        sys.stderr.write(f"{path} is not a transcript: {error}.\n")
        return UNREADABLE
    faults = verify(told)
    if as_json:
        report = {"match": told.match, "rounds": len(told.rounds), "faults": faults}
        sys.stdout.write(json.encode(report).decode() + "\n")
    elif faults:
        sys.stdout.write("\n".join([f"Match {told.match} does not hold:", *(f"  {fault}" for fault in faults), ""]))
    else:
        sys.stdout.write(f"Match {told.match} holds: {len(told.rounds)} rounds, every seal, value and score.\n")
    return FAULTY if faults else HOLDS
