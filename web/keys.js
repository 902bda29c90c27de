/**
 * Playing by keys: R, P and S.
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

/**
 * @param {Document} document
 * @param {(move: Move) => void} throwMove
 */
export function listenForKeys(document, throwMove) {
  document.addEventListener('keydown', (event) => {
    const move = KEYS[event.key.toLowerCase()];
    if (move === undefined || !isMeantForTheGame(event)) return;
    event.preventDefault();
    throwMove(move);
  });
}
