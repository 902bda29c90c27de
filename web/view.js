/**
 * The one renderer: the state in, the page out, always in place.
 *
 * What tests and style sheets may hold on to:
 *   body[data-screen]  pick · match · over            body[data-link]  connecting · online · reconnecting · offline · elsewhere
 *   #banner #alarm #notice #announce                  the connection, a broken seal, a refusal, what a reader hears
 *   [data-opponent="brian"]                           the card and its button
 *   #fare [data-alias]                                a row of how the models fare; [data-alias] who played
 *   .side[data-side="player|bot"] [role="meter"]      HP as aria-valuenow
 *   [data-move="rock"]                                a throw; [data-rank] low · mid · high, [data-value] in tenths
 *   #moves[data-round] #moves[data-ready="yes|no"]    the open round and whether it waits for a throw
 *   #commitment[data-full]                            the open round's whole commitment
 *   #rounds > [data-round]                            a played round; [data-outcome]; [data-seal] holds · broken ·
 *                                                     unchecked · pending
 *   #checks [data-check] [data-holds="yes|no"]        what was checked at the end
 *   #hand-switch[aria-checked] #photo #photo-file      playing by hand or by a photo
 *   #consent #consent-yes #consent-no                 what is asked before the first picture
 *   #hand[data-camera] off · starting · on · denied · none · busy · insecure · unplugged · failed
 *   #hand[data-phase] idle · counting · looking · told  #hand[data-label] what the last preview showed
 *   #hand-text #hand-go #hand-retry #hand-yes #hand-no #countdown #donate #forget #forgotten
 *
 * @import { Input, Move } from './protocol.js'
 * @import { State } from './state.js'
 * @typedef {object} Intents
 * @property {(opponent: string) => void} start
 * @property {(move: Move, input: Input) => void} throwMove
 * @property {() => void} leave
 * @property {() => void} toOpponents
 * @property {() => void} excuse
 * @property {() => void} retry
 * @property {(name: string) => void} rename
 * @property {() => void} switchHand
 * @property {() => void} retryHand
 * @property {() => boolean} pressHand
 * @property {(file: File) => void} choosePhoto
 * @property {() => void} consent
 * @property {() => void} decline
 * @property {() => void} affirm
 * @property {() => void} deny
 * @property {(seconds: number) => void} setCountdown
 * @property {(donate: boolean) => void} donate
 * @property {() => void} forget
 */

import { WORDS } from './refusals.js';
import { ConsentView } from './view/consent.js';
import { find, mark, show, write } from './view/dom.js';
import { EndView } from './view/end.js';
import { FareView } from './view/fare.js';
import { GiftsView } from './view/gifts.js';
import { HandView } from './view/hand.js';
import { icon } from './view/icons.js';
import { LeaveView } from './view/leave.js';
import { PhotoView } from './view/photo.js';
import { PickView } from './view/pick.js';
import { RoundsView } from './view/rounds.js';
import { TableView } from './view/table.js';
import { ThoughtView } from './view/thought.js';
import { alarm, announcement, botName, connection } from './view/words.js';

const FOCUS = { pick: '#pick-title', match: '#table-title', over: '#end-title' };

export class View {
  /** @type {Document} */ #page;
  /** @type {{ render(state: State): void }[]} */ #parts;
  #screen = 'pick';

  /** @param {Document} page @param {Intents} intents */
  constructor(page, intents) {
    this.#page = page;
    for (const place of page.querySelectorAll('[data-icon]')) place.append(icon(place.getAttribute('data-icon') ?? ''));
    find(page, '#retry').addEventListener('click', intents.retry);
    find(page, '#notice-close').addEventListener('click', intents.excuse);
    this.#parts = [
      new PickView(page, intents),
      new FareView(page),
      new TableView(page, intents),
      new ThoughtView(page),
      new RoundsView(page),
      new EndView(page, intents),
      new LeaveView(page, intents),
      new HandView(page, intents),
      new PhotoView(page, intents),
      new GiftsView(page, intents),
      new ConsentView(page, intents),
    ];
  }

  /** @param {State} state */
  render(state) {
    const screen = state.match === null ? 'pick' : state.match.over === null ? 'match' : 'over';
    mark(this.#page.body, 'data-screen', screen);
    mark(this.#page.body, 'data-link', state.link);
    show(find(this.#page, '#pick'), screen === 'pick');
    show(find(this.#page, '#table'), screen !== 'pick');
    this.#around(state);
    for (const part of this.#parts) part.render(state);
    this.#moveTo(screen);
    write(find(this.#page, '#announce'), announcement(state));
  }

  /** @param {State} state */
  #around(state) {
    const page = this.#page;
    const trouble = connection(state);
    show(find(page, '#banner'), trouble !== null);
    write(find(page, '#banner-text'), trouble ?? '');
    show(find(page, '#retry'), state.link !== 'connecting' && state.link !== 'online');
    write(find(page, '#retry'), state.link === 'elsewhere' ? 'Play here' : 'Try now');
    const refusal = state.refusal && WORDS[state.refusal.code];
    show(find(page, '#notice'), refusal !== null);
    write(find(page, '#notice-text'), refusal ?? '');
    const faults = alarm(state.match);
    show(find(page, '#alarm'), faults !== null);
    write(find(page, '#alarm'), faults ?? '');
    write(find(page, '#who'), state.player === null ? '' : state.player.name);
    const title = state.match === null ? 'RPS Quest' : `You against ${botName(state)} · RPS Quest`;
    if (page.title !== title) page.title = title;
  }

  /** A new screen takes the focus along, for keys and readers. @param {'pick' | 'match' | 'over'} screen */
  #moveTo(screen) {
    if (screen === this.#screen) return;
    this.#screen = screen;
    find(this.#page, FOCUS[screen]).focus({ preventScroll: true });
    // The end is told below the table, which the player is looking at already.
    if (screen !== 'over') scrollTo(0, 0);
  }
}
