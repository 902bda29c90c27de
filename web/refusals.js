/**
 * What a refusal does to the state, and how it is said to the player.
 *
 * @import { Code, Refused } from './protocol.js'
 * @import { State } from './state.js'
 */

/** @type {Readonly<Record<Code, string | null>>} Null: the page puts it right without a word. */
export const WORDS = {
  'bad-message': 'The server did not understand this page. Reload it to get the newest one.',
  'hello-first': null,
  'already-greeted': null,
  'bad-token': 'The server does not know this browser any more, so you play as somebody new.',
  'unknown-opponent': 'That opponent is not here any more. Choose another.',
  'already-playing': 'You have a match running already. Finish or leave it first.',
  'unknown-match': 'The server no longer has that match.',
  'stale-round': null,
  'round-not-open': null,
  'already-moved': 'You had already thrown in this round, perhaps in another tab. That throw counts.',
  elsewhere: null,
  'match-over': null,
  'match-live': 'The transcript is told when the match is over.',
  'unexpected-binary': null,
  'bad-image': 'That image could not be read.',
  'gestures-off': 'This server cannot see hands. Play with the buttons or the keys.',
  'too-large': 'That was too large to send.',
  'slow-down': 'That was too fast for the server. It goes on by itself in a moment.',
  draining: 'The server is about to restart. The page goes on by itself in a moment.',
  'log-unavailable': 'The server could not write your throw down, so it does not count yet. Sending it again…',
  'corrupt-record': 'The record of that match is damaged, and it cannot go on. It does not count; start another.',
  'bad-query': null,
};

/** @type {ReadonlySet<Code>} The same message may be sent again after a while. */
export const PASSING = new Set(/** @type {const} */ (['slow-down', 'log-unavailable', 'draining']));

/** @type {ReadonlySet<Code>} The page has missed something of the match. */
export const MISSED = new Set(/** @type {const} */ (['stale-round', 'round-not-open', 'already-moved', 'match-over']));

/**
 * @param {State} state
 * @param {Refused} refusal
 * @returns {State}
 */
export function refused(state, refusal) {
  const { code, match } = refusal;
  const shown = WORDS[code] === null ? state.refusal : refusal;
  if (PASSING.has(code)) return { ...state, refusal: shown };
  const next = { ...state, refusal: shown, starting: null, pending: null, leaving: false };
  const gone = code === 'unknown-match' || code === 'corrupt-record';
  const lost = gone && (match === undefined || match === state.match?.id);
  return lost ? { ...next, match: null } : next;
}
