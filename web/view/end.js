/**
 * How the match ended, who served it, and what the browser could check of it.
 *
 * @import { Over } from '../protocol.js'
 * @import { Check } from '../seal.js'
 * @import { State } from '../state.js'
 * @import { Intents } from '../view.js'
 */

import { el, find, mark, show, write } from './dom.js';
import { icon } from './icons.js';
import { botName, ending, servedBy } from './words.js';

export class EndView {
  /** @type {HTMLElement} */ #panel;
  /** @type {readonly Check[] | null} */ #told = null;
  #opponent = '';

  /** @param {Document} page @param {Intents} intents */
  constructor(page, intents) {
    this.#panel = find(page, '#end');
    find(page, '#rematch').addEventListener('click', () => intents.start(this.#opponent));
    find(page, '#change').addEventListener('click', intents.toOpponents);
  }

  /** @param {State} state */
  render(state) {
    const { match } = state;
    show(this.#panel, match !== null && match.over !== null);
    if (match === null || match.over === null) return;
    this.#opponent = match.opponent;
    this.#tell(match.id, match.over, botName(state));
    if (match.checks !== this.#told || match.checks === null) this.#checks(match.checks);
  }

  /** @param {string} id @param {Over} over @param {string} bot */
  #tell(id, over, bot) {
    const { title, text } = ending(over, bot);
    mark(this.#panel, 'data-winner', over.winner);
    write(find(this.#panel, '#end-title'), title);
    write(find(this.#panel, '#end-text'), text);
    write(find(this.#panel, '#rematch'), `Play ${bot} again`);
    write(find(this.#panel, '#served'), servedBy(over.served_by));
    mark(find(this.#panel, '#transcript'), 'href', `/api/matches/${encodeURIComponent(id)}`);
  }

  /** @param {readonly Check[] | null} checks */
  #checks(checks) {
    this.#told = checks;
    const rows = (checks ?? []).map(({ name, holds, text }) =>
      el('li', { 'data-check': name, 'data-holds': holds ? 'yes' : 'no' },
        icon(holds ? 'holds' : 'broken', holds ? 'holds' : 'does not hold'), el('span', {}, text)));
    find(this.#panel, '#checks').replaceChildren(...rows);
  }
}
