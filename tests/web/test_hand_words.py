"""What the page says of hands, and how much it sends, are the server's."""

import re
from pathlib import Path

from game.gestures import ADVICE, Label
from game.wire import MAX_IMAGE

WEB = Path(__file__).parents[2] / "web"


def test_the_advice_is_the_servers() -> None:
    declared = (WEB / "view/advice.js").read_text()
    (body,) = re.findall(r"export const ADVICE = \{(.*?)\n\};", declared, re.DOTALL)
    words = {name.strip("'"): said for name, said in re.findall(r"^  ([\w'-]+): '(.*)',$", body, re.MULTILINE)}
    assert words == {cause.value: said for cause, said in ADVICE.items()}


def test_every_label_has_a_name() -> None:
    (body,) = re.findall(r"export const LABELS = \{(.*?)\};", (WEB / "view/advice.js").read_text())
    assert set(re.findall(r"(\w+):", body)) == set(Label)


def test_a_picture_fits_into_a_frame() -> None:
    (size,) = re.findall(r"const BYTES = (\d+) \* 1024;", (WEB / "shutter.js").read_text())
    assert int(size) * 1024 < MAX_IMAGE


def test_the_laboratory_needs_no_exception_from_the_strict_policy() -> None:
    page = (WEB / "lab.html").read_text()
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|javascript:", page)
