/**
 * The sentences of the game.
 *
 * @import { Arm, Move, Over, Result, Scores, ServedBy, Thought } from '../protocol.js'
 * @import { State } from '../state.js'
 */

import { BEATS, DRAW, MOVES } from '../rules.js';

/** @type {Readonly<Record<Move, string>>} */
export const NAMES = { rock: 'Rock', paper: 'Paper', scissors: 'Scissors' };

/** @type {Readonly<Record<Move, string>>} What the move does to the one that it beats. */
const DEEDS = { rock: 'blunts', paper: 'wraps', scissors: 'cut' };

/** The version that is named where no model played. */
const NO_MODEL = 'equilibrium';

/** @param {number} tenths */
export const points = (tenths) => (tenths / 10).toFixed(1);

/** @param {number} share in [0, 1] */
export const percent = (share) => `${Math.round(share * 100)} %`;

/** @param {readonly [number, number]} shares */
export const range = ([low, high]) => `${Math.round(low * 100)} to ${percent(high)}`;

/** What is left of a side: every tenth that the other one scores takes one. @param {number} others @param {number} target */
export const health = (others, target) => Math.max(0, target - others);

/** @param {Result} result */
export function clash({ player_move: mine, bot_move: its }) {
  if (mine === its) return `${NAMES[mine]} ${mine === 'scissors' ? 'meet' : 'meets'} ${mine}.`;
  const winner = BEATS[mine] === its ? mine : its;
  return `${NAMES[winner]} ${DEEDS[winner]} ${BEATS[winner]}.`;
}

/** @param {Result} result @param {string} bot */
export function gained({ outcome, gained: { player, bot: its } }, bot) {
  if (outcome === 'draw') return `A draw: ${points(DRAW)} points each.`;
  return outcome === 'win' ? `You score ${points(player)} points.` : `${bot} scores ${points(its)} points.`;
}

/** @param {Scores} scores @param {number} target @param {string} bot */
export function standing(scores, target, bot) {
  return `You have ${health(scores.bot, target)} HP, ${bot} has ${health(scores.player, target)}.`;
}

/** @param {Record<Move, number>} values */
export const offer = (values) => MOVES.map((move) => `${move} ${points(values[move])}`).join(', ');

/** @param {Thought} thought @param {string} bot @param {string} version by which the round was played */
export function reason({ source, probabilities }, bot, version) {
  const [likely] = [...MOVES].sort((a, b) => probabilities[b] - probabilities[a]);
  if (source === 'gambit') {
    return `The first three rounds follow an opening script, drawn before the match. ${bot} was only watching you here.`;
  }
  if (source === 'fallback') {
    return `The model did not answer in time, so ${bot} threw from the balanced mix that nobody can take advantage of.`;
  }
  if (version === NO_MODEL) {
    return `${bot} leant on no prediction here: it threw from the balanced mix that nobody can take advantage of.`;
  }
  return `Its model leant towards ${likely}. ${bot} leans on that, but mixes its throws so that you cannot count on it.`;
}

/** @param {Thought} thought @param {string} bot */
export function chances({ values }, bot) {
  return `As ${bot} saw it, its chance to win the match was ${MOVES.map((move) => `${percent(values[move])} with ${move}`).join(', ')}.`;
}

/** @param {Over} over @param {string} bot */
export function ending({ winner, reason: why, scores, served_by: served }, bot) {
  const score = `${points(scores.player)} to ${points(scores.bot)}`;
  if (why === 'left') return { title: 'You left the match', text: `It goes to ${bot}. The score was ${score}.` };
  if (why === 'expired') return { title: 'The match ran out', text: `You were away too long, so it goes to ${bot}. The score was ${score}.` };
  if (why === 'void') return { title: 'This match does not count', text: 'Its record was damaged on the server.' };
  if (winner === 'tie') return { title: 'A perfect tie', text: `You both reached the end with ${score}.` };
  if (winner === 'player') return { title: 'You win!', text: `You beat ${bot} by ${score} points.` };
  const how = served.version === NO_MODEL ? 'The balanced mix was enough' : 'It read you well enough';
  return { title: `${bot} wins`, text: `${how}: the score was ${score}.` };
}

/** @param {ServedBy} served */
export function servedBy({ family, alias, version }) {
  if (alias === 'control') {
    return `Played by the ${NO_MODEL} and not by ${family}’s models, as a few matches are: they are the control that models are compared with.`;
  }
  if (version === NO_MODEL) return `No model answered in time, so the ${NO_MODEL} played for ${family}, model ${alias}.`;
  return `Played by ${family}, model ${alias}, version ${version}.`;
}

/** @param {{ alias: Arm, version: string }} served */
export function playedBy({ alias, version }) {
  if (alias === 'control') return `the ${NO_MODEL}, as a control`;
  return version === NO_MODEL ? `the ${NO_MODEL}, for want of a model` : `${version} as ${alias}`;
}

/** @param {Pick<State, 'link' | 'draining'>} state @returns {string | null} null while all is well */
export function connection({ link, draining }) {
  if (link === 'connecting') return 'Connecting…';
  if (link === 'offline') return 'You are offline. Your match waits for you.';
  if (link === 'elsewhere') return 'You play in another window now.';
  if (draining) return 'The server is about to restart. Your match is kept, and the page comes back by itself.';
  if (link === 'reconnecting') return 'Connection lost. Trying again…';
  return null;
}

/** @param {Pick<State, 'match' | 'opponents'>} state */
export function botName({ match, opponents }) {
  return opponents.find(({ id }) => id === match?.opponent)?.name ?? match?.opponent ?? '';
}

/** @param {State['match']} match @returns {string | null} null while nothing speaks against the server */
export function alarm(match) {
  if (match === null) return null;
  const seals = match.rounds.flatMap(({ round, seal }) => seal.faults.map((fault) => `Round ${round}: ${fault}`));
  const failed = (match.checks ?? []).filter(({ name, holds }) => !holds && name !== 'seals');
  const faults = [...match.tampered, ...seals, ...failed.map(({ text }) => `This does not hold: “${text}”.`)];
  return faults.length === 0 ? null : `This match was not played fairly. ${faults.join(' ')}`;
}

/** What is said aloud of the latest event. @param {State} state */
export function announcement(state) {
  const { match } = state;
  if (match === null) return '';
  const bot = botName(state);
  if (match.over !== null) return Object.values(ending(match.over, bot)).join('. ');
  const last = match.rounds.findLast(({ result }) => result !== null)?.result;
  const open = match.rounds.at(-1);
  const told = last ? `${clash(last)} ${gained(last, bot)} ${standing(match.scores, match.target, bot)} ` : '';
  if (open === undefined || open.result !== null) return told;
  return `${told}Round ${open.round}: ${offer(open.values)}.`;
}
