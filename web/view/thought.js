/**
 * What the bot had thought, told after the throw.
 *
 * @import { Result } from '../protocol.js'
 * @import { State } from '../state.js'
 */

import { MOVES } from '../rules.js';
import { revealed } from '../seal.js';
import { el, find, mark, show, write } from './dom.js';
import { icon } from './icons.js';
import { NAMES, botName, chances, percent, reason } from './words.js';

export class ThoughtView {
  /** @type {Document} */ #page;
  /** @type {HTMLElement} */ #panel;

  /** @param {Document} page */
  constructor(page) {
    this.#page = page;
    this.#panel = find(page, '#thought');
    find(this.#panel, '#thought-bars').append(...MOVES.map(bar));
  }

  /** @param {State} state */
  render(state) {
    const last = state.match?.rounds.findLast(({ result }) => result !== null)?.result;
    show(find(this.#page, '#primer'), !last);
    show(this.#panel, Boolean(last));
    if (last) this.#tell(last, botName(state));
  }

  /** @param {Result} result @param {string} bot */
  #tell({ round, thought, player_move: thrown, reveal }, bot) {
    mark(this.#panel, 'data-source', thought.source);
    write(find(this.#panel, '#thought-title'), `What ${bot} expected of you in round ${round}`);
    for (const move of MOVES) {
      const node = find(this.#panel, `[data-expected="${move}"]`);
      const share = thought.probabilities[move];
      mark(node, 'data-thrown', move === thrown ? 'yes' : null);
      find(node, 'i').style.width = `${100 * share}%`;
      write(find(node, '.share'), percent(share));
      write(find(node, '.mine'), move === thrown ? 'you' : '');
    }
    write(find(this.#panel, '#thought-text'), `${reason(thought, bot, revealed(reveal).version)} ${chances(thought, bot)}`);
  }
}

/** @param {import('../protocol.js').Move} move */
const bar = (move) =>
  el('div', { class: 'expected', 'data-expected': move }, icon(move), el('span', { class: 'what' }, NAMES[move]),
    el('span', { class: 'bar' }, el('i')), el('span', { class: 'share' }), el('span', { class: 'mine' }));
