"""Importing the dashboards into a Grafana, over its HTTP API. Importing again replaces them."""

import json
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from k8s.boards.board import RUNBOOK, TAG

_TIMEOUT_S = 30


class PublishError(Exception):
    """Grafana cannot be reached, or does not take what it was given."""


class Grafana:
    """A Grafana at `url`, and the token of a service account that may edit dashboards and folders."""

    def __init__(self, url: str, token: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise PublishError(f"The address of Grafana must begin with http:// or https://, not {url!r}.")
        if not token:
            raise PublishError("GRAFANA_TOKEN is not set; make a token for a service account with the role Editor.")
        self._url = url.rstrip("/")
        self._token = token

    def publish(self, boards: Mapping[str, str], folder: str, runbook: str = RUNBOOK) -> list[str]:
        """Put the dashboards into the folder, made if need be; returns their addresses. Raises PublishError.

        `runbook` is the address of docs/operations.md, where all links to it shall lead.
        """
        self._make(folder)
        addresses = []
        for text in boards.values():
            order = {
                "dashboard": {**json.loads(text.replace(RUNBOOK, runbook)), "id": None},
                "folderUid": TAG,
                "overwrite": True,
                "message": "python -m k8s.boards publish",
            }
            addresses.append(self._url + self._send("/api/dashboards/db", order)["url"])
        return addresses

    def _make(self, folder: str) -> None:
        # 409 and 412: it is there already; versions of Grafana differ.
        self._send("/api/folders", {"uid": TAG, "title": folder}, well=(409, 412))

    def _send(self, path: str, order: Mapping[str, Any], well: tuple[int, ...] = ()) -> Any:
        request = Request(
            self._url + path,
            json.dumps(order).encode(),
            {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        try:
            with urlopen(request, timeout=_TIMEOUT_S) as answer:
                return _read(answer)
        except HTTPError as error:
            with error:
                if error.code in well:
                    return {}
                raise PublishError(_why(path, error.code, error.read().decode(errors="replace"))) from error
        except (URLError, OSError, HTTPException) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise PublishError(f"Grafana at {self._url} cannot be reached: {reason}.") from error


def _read(answer: HTTPResponse) -> Any:
    try:
        return json.loads(answer.read())
    except ValueError as error:
        raise PublishError("What answers there is not Grafana: its answer is not JSON.") from error


def _why(path: str, code: int, said: str) -> str:
    match code:
        case 401:
            return "Grafana does not know the token in GRAFANA_TOKEN (401)."
        case 403:
            return "The token in GRAFANA_TOKEN may not edit dashboards and folders (403)."
        case 404:
            return f"There is no {path} (404): is the address that of a Grafana?"
        case _:
            return f"Grafana refused {path} ({code}): {said[:500]}"
