/**
 * The table of a match: both sides' health, the last throw, and the three moves of the open round.
 *
 * @import { Move, Result } from '../protocol.js'
 * @import { Match, MatchRound, Pending, State } from '../state.js'
 * @import { Intents } from '../view.js'
 */

import { openRound } from '../acts.js';
import { BEATS, MOVES, ranks } from '../rules.js';
import { el, fill, find, mark, show, write } from './dom.js';
import { icon } from './icons.js';
import { NAMES, botName, clash, gained, health, points } from './words.js';

const PIPS = { low: 1, mid: 2, high: 3 };

export class TableView {
  /** @type {HTMLElement} */ #table;
  /** @type {Record<Move, HTMLElement>} */ #moves;

  /** @param {Document} page @param {Intents} intents */
  constructor(page, intents) {
    this.#table = find(page, '#table');
    const buttons = MOVES.map((move) => [move, moveButton(move, () => intents.throwMove(move, 'button'))]);
    this.#moves = Object.fromEntries(buttons);
    find(page, '#moves').append(...Object.values(this.#moves));
  }

  /** @param {State} state */
  render(state) {
    const { match, pending, leaving } = state;
    if (match === null) return;
    const bot = botName(state);
    const open = openRound(state);
    write(find(this.#table, '#table-title'), `Your match against ${bot}`);
    this.#duel(match, bot);
    this.#arena(match, pending, bot);
    show(find(this.#table, '#choose'), match.over === null);
    this.#seal(open, pending, bot);
    this.#offer(open, pending, leaving);
  }

  /** @param {Match} match @param {string} bot */
  #duel({ scores, target, opponent, rounds }, bot) {
    const last = rounds.findLast(({ result }) => result !== null)?.result ?? null;
    for (const side of /** @type {const} */ (['player', 'bot'])) {
      const other = side === 'player' ? 'bot' : 'player';
      const node = find(this.#table, `.side[data-side="${side}"]`);
      const left = health(scores[other], target);
      if (side === 'bot') {
        write(find(node, '.side-name'), bot);
        mark(find(node, '.face'), 'data-family', opponent);
        fill(find(node, '.face'), opponent, () => icon(opponent));
      }
      write(find(node, '.hp'), `${left} HP`);
      const bar = find(node, '[role="meter"]');
      mark(bar, 'aria-valuenow', String(left));
      mark(bar, 'aria-label', side === 'player' ? 'Your health' : `${bot}’s health`);
      mark(bar, 'data-low', left <= target / 4 ? 'yes' : null);
      find(bar, 'i').style.width = `${(100 * left) / target}%`;
      mark(node, 'data-hit', last && last.gained[other] > 0 ? `−${last.gained[other]} HP` : null);
      mark(node, 'data-beat', beat(last));
    }
  }

  /** @param {Match} match @param {Pending | null} pending @param {string} bot */
  #arena({ rounds }, pending, bot) {
    const arena = find(this.#table, '#arena');
    const last = pending === null ? (rounds.findLast(({ result }) => result !== null)?.result ?? null) : null;
    mark(arena, 'data-outcome', last?.outcome ?? (pending ? 'waiting' : 'none'));
    mark(arena, 'data-beat', beat(last));
    this.#card('player', pending?.move ?? last?.player_move ?? null, 'You');
    this.#card('bot', last?.bot_move ?? null, bot);
    if (pending) this.#say(`Round ${pending.round}`, 'Breaking the seal…');
    else if (last) this.#say(clash(last), gained(last, bot));
    else this.#say('First to ten points', 'Choose your throw');
  }

  /** @param {string} title @param {string} more */
  #say(title, more) {
    write(find(this.#table, '#clash'), title);
    write(find(this.#table, '#clash-more'), more);
  }

  /** @param {'player' | 'bot'} side @param {Move | null} move @param {string} caption */
  #card(side, move, caption) {
    const node = find(this.#table, `.throw[data-side="${side}"]`);
    const card = find(node, '.card');
    mark(node, 'data-thrown', move);
    if (move !== null) fill(card, move, () => icon(move, `${caption}: ${move}`));
    else if (side === 'bot') fill(card, 'wax', () => icon('wax', `${caption}: a sealed throw`));
    else fill(card, 'none', () => document.createTextNode('?'));
    write(find(node, '.caption'), caption);
  }

  /** @param {MatchRound | null} open @param {Pending | null} pending @param {string} bot */
  #seal(open, pending, bot) {
    const sealed = open !== null;
    mark(find(this.#table, '#sealed'), 'data-sealed', sealed ? 'yes' : 'no');
    const words = sealed ? `Round ${open.round}: ${bot} has sealed its throw.` : `${bot} is sealing its next throw…`;
    write(find(this.#table, '#sealed-text'), pending ? `Round ${pending.round}: your throw is on its way.` : words);
    const code = find(this.#table, '#commitment');
    write(code, sealed ? `${open.commitment.slice(0, 12)}…` : '');
    mark(code, 'data-full', sealed ? open.commitment : null);
  }

  /** @param {MatchRound | null} open @param {Pending | null} pending @param {boolean} leaving */
  #offer(open, pending, leaving) {
    const group = find(this.#table, '#moves');
    const ready = open !== null && pending === null && !leaving;
    mark(group, 'data-ready', ready ? 'yes' : 'no');
    mark(group, 'data-round', open === null ? null : String(open.round));
    const rank = open && ranks(open.values);
    for (const move of MOVES) {
      const button = this.#moves[move];
      // Not `disabled`: that would throw the keyboard's focus away after every throw.
      mark(button, 'aria-disabled', ready ? null : 'true');
      mark(button, 'data-chosen', pending?.move === move ? 'yes' : null);
      mark(button, 'data-rank', rank && rank[move]);
      mark(button, 'data-value', open && String(open.values[move]));
      write(find(button, '.value'), open ? points(open.values[move]) : '–');
      write(find(button, '.rank-name'), rank ? rank[move] : ' ');
      mark(find(button, '.pips'), 'data-pips', rank && String(PIPS[rank[move]]));
    }
  }
}

/** Two names by turns, so that the same animation starts anew with every round. @param {Result | null} result */
const beat = (result) => (result === null ? null : result.round % 2 ? 'odd' : 'even');

/** @param {Move} move @param {() => void} thrown */
function moveButton(move, thrown) {
  const button = el(
    'button', { type: 'button', class: 'move', 'data-move': move, 'aria-keyshortcuts': NAMES[move][0] },
    icon(move),
    el('kbd', { 'aria-hidden': 'true' }, NAMES[move][0]),
    el('span', { class: 'move-name' }, NAMES[move]),
    el('span', { class: 'value' }),
    el('span', { class: 'rank' }, el('span', { class: 'pips', 'aria-hidden': 'true' }, el('i'), el('i'), el('i')),
      el('span', { class: 'rank-name' })),
    el('span', { class: 'beats' }, `beats ${BEATS[move]}`),
  );
  button.addEventListener('click', () => {
    if (button.getAttribute('aria-disabled') === null) thrown();
  });
  return button;
}
