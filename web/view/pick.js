/**
 * The first screen: who you are, whom you can play, who plays best.
 *
 * @import { OpponentCard } from '../protocol.js'
 * @import { State } from '../state.js'
 * @import { Intents } from '../view.js'
 */

import { el, find, mark, show, write } from './dom.js';
import { icon } from './icons.js';
import { points } from './words.js';

const BEST = 5;

export class PickView {
  /** @type {Document} */ #page;
  /** @type {Intents} */ #intents;
  /** @type {Map<string, HTMLElement>} */ #cards = new Map();
  #boardIsOf = '';

  /** @param {Document} page @param {Intents} intents */
  constructor(page, intents) {
    this.#page = page;
    this.#intents = intents;
    const name = /** @type {HTMLInputElement} */ (find(page, '#name'));
    find(page, '#name-form').addEventListener('submit', (event) => {
      event.preventDefault();
      intents.rename(name.value.trim());
    });
  }

  /** @param {State} state */
  render({ match, opponents, starting, player, link }) {
    if (match !== null) {
      this.#boardIsOf = '';
      return;
    }
    show(find(this.#page, '#no-opponents'), opponents.length === 0);
    for (const card of opponents) this.#card(card, starting?.opponent === card.id);
    const name = /** @type {HTMLInputElement} */ (find(this.#page, '#name'));
    if (player !== null && name !== this.#page.activeElement) name.placeholder = player.name;
    if (player !== null && link === 'online') this.#board(`${player.id} ${player.name}`);
  }

  /** @param {OpponentCard} card @param {boolean} starting */
  #card(card, starting) {
    const node = this.#cards.get(card.id) ?? this.#newCard(card);
    const { wins, losses, ties } = card.record;
    const played = wins + losses + ties > 0;
    const record = `${wins} won · ${losses} lost${ties ? ` · ${ties} tied` : ''}`;
    write(find(node, '.record'), played ? record : 'You have not met yet');
    const button = find(node, 'button');
    write(button, starting ? 'Taking a seat…' : `Play ${card.name}`);
    mark(button, 'aria-disabled', starting ? 'true' : null);
  }

  /** @param {OpponentCard} card */
  #newCard({ id, name, about }) {
    const button = el('button', { class: 'main', type: 'button' });
    button.addEventListener('click', () => {
      if (button.getAttribute('aria-disabled') === null) this.#intents.start(id);
    });
    const face = el('span', { class: 'face', 'data-family': id }, icon(id));
    const words = el('div', {}, el('h3', {}, name), el('p', {}, about), el('p', { class: 'record' }));
    const node = el('li', { 'data-opponent': id }, face, words, button);
    this.#cards.set(id, node);
    find(this.#page, '#opponents').append(node);
    return node;
  }

  /** Fetched once for each visit of this screen; the game does not need it, so its absence is passed over. */
  async #board(/** @type {string} */ visit) {
    if (this.#boardIsOf === visit) return;
    this.#boardIsOf = visit;
    const answer = await fetch('/api/leaderboard').catch(() => null);
    if (!answer?.ok) return;
    const { players } = /** @type {{ players: Record<string, string | number>[] }} */ (await answer.json());
    const rows = players.slice(0, BEST).map(({ name, wins, losses, ties, points: tenths }) =>
      el('tr', {}, el('th', { scope: 'row' }, String(name)),
        ...[wins, losses, ties, points(Number(tenths))].map((cell) => el('td', {}, String(cell)))));
    find(this.#page, '#board-rows').replaceChildren(...rows);
    show(find(this.#page, '#board'), rows.length > 0);
  }
}
