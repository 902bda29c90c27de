/**
 * A photo as a throw: chosen as a file, or dropped onto the arena.
 *
 * @import { State } from '../state.js'
 * @import { Intents } from '../view.js'
 */

import { playable } from '../hand.js';
import { takesFiles } from './drop.js';
import { find, mark } from './dom.js';

export class PhotoView {
  /** @type {HTMLElement} */ #button;
  #ready = false;

  /** @param {Document} page @param {Intents} intents */
  constructor(page, intents) {
    this.#button = find(page, '#photo');
    const chooser = /** @type {HTMLInputElement} */ (find(page, '#photo-file'));
    const take = (/** @type {readonly File[]} */ [file]) => file !== undefined && this.#ready && intents.choosePhoto(file);
    this.#button.addEventListener('click', () => this.#ready && chooser.click());
    chooser.addEventListener('change', () => {
      take([...(chooser.files ?? [])]);
      // So that the same photo can be chosen again.
      chooser.value = '';
    });
    takesFiles(find(page, '#arena'), take);
  }

  /** @param {State} state */
  render(state) {
    const { phase, blind } = state.hand;
    this.#ready = playable(state) && phase.name !== 'looking' && !blind;
    mark(this.#button, 'aria-disabled', this.#ready ? null : 'true');
  }
}
