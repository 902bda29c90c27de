/**
 * Pictures that are given to learn from: only where the box is ticked, and deleted when asked.
 *
 * @import { State } from '../state.js'
 * @import { Intents } from '../view.js'
 */

import { find, write } from './dom.js';

export class GiftsView {
  /** @type {HTMLInputElement} */ #box;
  /** @type {HTMLElement} */ #forgotten;

  /** @param {Document} page @param {Intents} intents */
  constructor(page, intents) {
    this.#box = find(page, '#donate');
    this.#forgotten = find(page, '#forgotten');
    this.#box.addEventListener('change', () => intents.donate(this.#box.checked));
    find(page, '#forget').addEventListener('click', intents.forget);
  }

  /** @param {State} state */
  render({ hand: { donate, forgotten } }) {
    if (this.#box.checked !== donate) this.#box.checked = donate;
    write(this.#forgotten, forgotten === null ? '' : deleted(forgotten));
  }
}

/** @param {number} count */
function deleted(count) {
  if (count === 0) return 'There was nothing of yours.';
  return count === 1 ? 'One picture is deleted.' : `${count} pictures are deleted.`;
}
