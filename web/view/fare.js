/**
 * How the models fare against everybody: below the first screen, told by the server's own counts.
 *
 * @import { Arm } from '../protocol.js'
 * @import { State } from '../state.js'
 * @typedef {{ opponent: string, version: string, alias: Arm, matches: number, win_rate: number,
 *   interval: [number, number] }} Served
 */

import { el, find, show } from './dom.js';
import { percent, playedBy, range } from './words.js';

/** A version that few have met tells little, and there are more of them with every day. */
const MOST = 12;

export class FareView {
  /** @type {HTMLElement} */ #panel;
  #toldTo = '';

  /** @param {Document} page */
  constructor(page) {
    this.#panel = find(page, '#fare');
  }

  /** @param {State} state */
  render({ match, player, link, opponents }) {
    if (match !== null) this.#toldTo = '';
    else if (player !== null && link === 'online' && this.#toldTo !== player.id) {
      this.#toldTo = player.id;
      this.#tell(new Map(opponents.map(({ id, name }) => [id, name])));
    }
  }

  /** Fetched once for each visit of the first screen; the game does not need it, so its absence is passed over. */
  async #tell(/** @type {Map<string, string>} */ names) {
    const answer = await fetch('/api/stats').catch(() => null);
    if (!answer?.ok) return;
    const { served } = /** @type {{ served: Served[] }} */ (await answer.json());
    const most = served.toSorted((a, b) => b.matches - a.matches).slice(0, MOST);
    const rows = most.map((row) => {
      const who = el('th', { scope: 'row' }, names.get(row.opponent) ?? row.opponent, el('small', {}, playedBy(row)));
      const won = el('td', {}, percent(row.win_rate), el('small', {}, range(row.interval)));
      return el('tr', { 'data-alias': row.alias }, who, el('td', {}, String(row.matches)), won);
    });
    find(this.#panel, '#fare-rows').replaceChildren(...rows);
    show(this.#panel, rows.length > 0);
  }
}
