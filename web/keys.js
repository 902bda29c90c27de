/**
 * Playing by keys: R, P and S; the space key for the hand.
 *
 * @import { Move } from './protocol.js'
 */

/** @type {Readonly<Record<string, Move>>} */
const KEYS = { r: 'rock', p: 'paper', s: 'scissors' };

/** @param {KeyboardEvent} event */
function isMeantForTheGame({ repeat, ctrlKey, metaKey, altKey, target }) {
  if (repeat || ctrlKey || metaKey || altKey) return false;
  return !(target instanceof Element && target.closest('input, textarea, select, dialog, [contenteditable]'));
}

/** Space presses whatever button has the focus. @param {KeyboardEvent} event */
function isFree({ target }) {
  return !(target instanceof Element && target.closest('button, a, summary, label'));
}

/**
 * @param {Document} document
 * @param {(move: Move) => void} throwMove
 * @param {() => boolean} press for the space key; whether it had a meaning
 */
export function listenForKeys(document, throwMove, press) {
  document.addEventListener('keydown', (event) => {
    if (!isMeantForTheGame(event)) return;
    if (event.key === ' ' && isFree(event) && press()) return event.preventDefault();
    const move = KEYS[event.key.toLowerCase()];
    if (move === undefined) return;
    event.preventDefault();
    throwMove(move);
  });
}
