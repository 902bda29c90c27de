/**
 * Leaving a match costs it, so it is asked twice.
 *
 * @import { State } from '../state.js'
 * @import { Intents } from '../view.js'
 */

import { find, show, write } from './dom.js';
import { botName } from './words.js';

export class LeaveView {
  /** @type {HTMLElement} */ #button;
  /** @type {HTMLDialogElement} */ #dialog;

  /** @param {Document} page @param {Intents} intents */
  constructor(page, intents) {
    this.#button = find(page, '#leave');
    this.#dialog = find(page, '#leave-dialog');
    this.#button.addEventListener('click', () => this.#dialog.showModal());
    find(this.#dialog, '#stay').addEventListener('click', () => this.#dialog.close());
    find(this.#dialog, '#leave-now').addEventListener('click', () => {
      this.#dialog.close();
      intents.leave();
    });
  }

  /** @param {State} state */
  render(state) {
    const live = state.match !== null && state.match.over === null;
    show(this.#button, live);
    write(find(this.#dialog, '#leave-text'), `The match then goes to ${botName(state)}.`);
    if (!live && this.#dialog.open) this.#dialog.close();
  }
}
