/**
 * What is told and asked before the first picture leaves the browser, and before the browser asks by itself.
 *
 * @import { Means } from '../hand.js'
 * @import { State } from '../state.js'
 * @import { Intents } from '../view.js'
 */

import { find, write } from './dom.js';

/** @type {Readonly<Record<Means, { title: string, sent: string, yes: string }>>} */
const WORDS = {
  camera: {
    title: 'Before the camera comes on',
    sent: 'While a round waits for your throw, about five small pictures a second go to this game’s server, and one more when you throw.',
    yes: 'Turn the camera on',
  },
  photo: {
    title: 'Before your photo is sent',
    sent: 'A smaller copy of the photo goes to this game’s server, without what else the file says about you.',
    yes: 'Send it',
  },
};

export class ConsentView {
  /** @type {HTMLDialogElement} */ #dialog;

  /** @param {Document} page @param {Intents} intents */
  constructor(page, intents) {
    this.#dialog = find(page, '#consent');
    find(this.#dialog, '#consent-yes').addEventListener('click', intents.consent);
    find(this.#dialog, '#consent-no').addEventListener('click', intents.decline);
    this.#dialog.addEventListener('close', intents.decline);
  }

  /** @param {State} state */
  render({ hand: { asking } }) {
    if (asking === null) {
      if (this.#dialog.open) this.#dialog.close();
      return;
    }
    const { title, sent, yes } = WORDS[asking];
    write(find(this.#dialog, '#consent-title'), title);
    write(find(this.#dialog, '#consent-sent'), sent);
    write(find(this.#dialog, '#consent-yes'), yes);
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}
