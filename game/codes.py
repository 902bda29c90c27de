"""The closed set of refusal codes, each with the sentence that documents it."""

from enum import StrEnum


class Code(StrEnum):
    """Why something was refused. A refusal never closes a healthy socket and never changes state."""

    BAD_MESSAGE = "bad-message"
    HELLO_FIRST = "hello-first"
    ALREADY_GREETED = "already-greeted"
    BAD_TOKEN = "bad-token"
    UNKNOWN_OPPONENT = "unknown-opponent"
    ALREADY_PLAYING = "already-playing"
    UNKNOWN_MATCH = "unknown-match"
    STALE_ROUND = "stale-round"
    ROUND_NOT_OPEN = "round-not-open"
    ALREADY_MOVED = "already-moved"
    ELSEWHERE = "elsewhere"
    MATCH_OVER = "match-over"
    MATCH_LIVE = "match-live"
    UNEXPECTED_BINARY = "unexpected-binary"
    BAD_IMAGE = "bad-image"
    GESTURES_OFF = "gestures-off"
    TOO_LARGE = "too-large"
    SLOW_DOWN = "slow-down"
    DRAINING = "draining"
    LOG_UNAVAILABLE = "log-unavailable"
    CORRUPT_RECORD = "corrupt-record"
    BAD_QUERY = "bad-query"


MEANING: dict[Code, str] = {
    Code.BAD_MESSAGE: "The frame is not one of the protocol's messages: broken JSON, an unknown type or field, or a "
    "value out of range.",
    Code.HELLO_FIRST: "The first message on a socket must be `hello`.",
    Code.ALREADY_GREETED: "This socket has already said `hello`.",
    Code.BAD_TOKEN: "The token is unknown or was replaced; say `hello` without one to play as somebody new.",
    Code.UNKNOWN_OPPONENT: "There is no opponent of that id; `welcome` lists those there are.",
    Code.ALREADY_PLAYING: "A match of yours is live; finish or leave it first.",
    Code.UNKNOWN_MATCH: "You have no match of that id.",
    Code.STALE_ROUND: "That round is not the one being played.",
    Code.ROUND_NOT_OPEN: "The bot has not sealed its move for that round yet; wait for `round`.",
    Code.ALREADY_MOVED: "A different move was already accepted for that round.",
    Code.ELSEWHERE: "You said `hello` to another server since; your game goes on there, and this socket is closed.",
    Code.MATCH_OVER: "The match has ended.",
    Code.MATCH_LIVE: "The match is still being played; its transcript is told when it is over.",
    Code.UNEXPECTED_BINARY: "A binary frame is allowed only straight after `gesture`.",
    Code.BAD_IMAGE: "The bytes are not a readable JPEG, PNG or WebP image of an allowed size.",
    Code.GESTURES_OFF: "This server has no hand classifier; play by buttons or keys.",
    Code.TOO_LARGE: "The message or the image is larger than is allowed.",
    Code.SLOW_DOWN: "Too many messages; wait `retry_after_ms` and send again.",
    Code.DRAINING: "The server is about to stop; reconnect after `retry_after_ms`.",
    Code.LOG_UNAVAILABLE: "The move could not be made durable and does not count; send it again.",
    Code.CORRUPT_RECORD: "The match's record is damaged; the match cannot go on.",
    Code.BAD_QUERY: "A parameter in the address is not a number of the allowed range.",
}
