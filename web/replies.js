/**
 * What the page sends, as a function of what it knows. Everything here may be sent twice: the server answers a throw,
 * a start with the same `client_ref` and a departure that it has seen before in the same way.
 *
 * @import { ClientMessage, ServerMessage } from './protocol.js'
 * @import { State } from './state.js'
 */

import { isOfHand } from './hand.js';
import { MISSED, PASSING } from './refusals.js';

const PATIENCE_MS = 1000;

/** @param {State} state @returns {ClientMessage[]} what the player did that the server has not answered */
export function unanswered({ match, pending, leaving, starting }) {
  if (match === null || match.over !== null) return starting === null ? [] : [starting];
  if (leaving) return [{ type: 'leave', match: match.id }];
  return pending === null ? [] : [{ type: 'move', match: match.id, ...pending }];
}

/** @param {State} state @returns {ClientMessage[]} */
function sync({ match }) {
  return match === null ? [] : [{ type: 'sync', match: match.id, seen: match.seq }];
}

/**
 * What to send in answer to a message, and after how long.
 * @param {State} before
 * @param {State} after the state with the message taken in
 * @param {ServerMessage} message
 * @returns {{ send: ClientMessage[], afterMs: number }}
 */
export function replies(before, after, message) {
  if (message.type === 'welcome') return { send: greeted(after, message.match), afterMs: 0 };
  if (message.type === 'refused') return isOfHand(before, message) ? ofHand(before, message) : refusal(after, message);
  return { send: after.behind && !before.behind ? sync(after) : [], afterMs: 0 };
}

/** @param {State} state @param {string | undefined} live @returns {ClientMessage[]} */
function greeted(state, live) {
  const known = state.match !== null && state.match.over === null;
  if (known) return [...sync(state), ...unanswered(state)];
  // A start that got through before the socket was lost is told by its match, not sent again.
  return live === undefined ? unanswered(state) : [{ type: 'sync', match: live, seen: 0 }];
}

/** A preview may be late and no harm done; a throw is not. @param {State} state @param {Extract<ServerMessage, { type: 'refused' }>} message */
function ofHand(state, { code }) {
  return { send: state.hand.sent?.intent === 'play' && MISSED.has(code) ? sync(state) : [], afterMs: 0 };
}

/** @param {State} state @param {Extract<ServerMessage, { type: 'refused' }>} message */
function refusal(state, { code, match, retry_after_ms: wait }) {
  if (PASSING.has(code)) return { send: unanswered(state), afterMs: wait ?? PATIENCE_MS };
  if (MISSED.has(code)) return { send: sync(state), afterMs: 0 };
  const elsewhere = code === 'already-playing' && match !== undefined && match !== state.match?.id;
  return { send: elsewhere ? [/** @type {ClientMessage} */ ({ type: 'sync', match, seen: 0 })] : [], afterMs: 0 };
}
