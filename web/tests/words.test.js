import assert from 'node:assert/strict';
import { test } from 'node:test';

import { WORDS } from '../refusals.js';
import { initial, reduce } from '../state.js';
import { alarm, announcement, clash, connection, ending, gained, health, playedBy, points, range, reason, servedBy } from '../view/words.js';
import { VICTORY, messages, welcome } from './play.js';

const SERVED = { family: 'logan', alias: 'B', version: 'v1' };
const result = (mine, its, more = {}) => ({ player_move: mine, bot_move: its, gained: { player: 0, bot: 0 }, ...more });

test('points are tenths, health is what the other side has left', () => {
  assert.equal(points(17), '1.7');
  assert.equal(health(30, 100), 70);
  assert.equal(health(112, 100), 0);
});

test('a throw is told from the winner’s side', () => {
  assert.equal(clash(result('rock', 'paper')), 'Paper wraps rock.');
  assert.equal(clash(result('scissors', 'paper')), 'Scissors cut paper.');
  assert.equal(clash(result('scissors', 'scissors')), 'Scissors meet scissors.');
  assert.equal(gained(result('rock', 'scissors', { outcome: 'win', gained: { player: 16, bot: 0 } }), 'Logan'), 'You score 1.6 points.');
  assert.equal(gained(result('rock', 'rock', { outcome: 'draw' }), 'Logan'), 'A draw: 0.5 points each.');
});

test('each source of a throw is explained', () => {
  const probabilities = { rock: 0.2, paper: 0.5, scissors: 0.3 };
  assert.match(reason({ source: 'model', probabilities }, 'Logan', 'v1'), /leant towards paper/);
  assert.match(reason({ source: 'gambit', probabilities }, 'Logan', 'v1'), /opening script/);
  assert.match(reason({ source: 'fallback', probabilities }, 'Logan', 'equilibrium'), /did not answer in time/);
  assert.match(reason({ source: 'model', probabilities }, 'Logan', 'equilibrium'), /no prediction here: it threw from the balanced mix/);
});

test('every way to end has its title', () => {
  const scores = { player: 100, bot: 90 };
  const titles = [['player', 'target'], ['bot', 'target'], ['tie', 'target'], ['bot', 'left'], ['bot', 'expired'], ['tie', 'void']]
    .map(([winner, why]) => ending({ winner, reason: why, scores, served_by: SERVED }, 'Logan').title);
  assert.equal(new Set(titles).size, 6);
});

test('only a model is said to have read the player', () => {
  const lost = { winner: 'bot', reason: 'target', scores: { player: 90, bot: 100 } };
  assert.match(ending({ ...lost, served_by: SERVED }, 'Logan').text, /^It read you well enough: the score was 9.0 to 10.0/);
  assert.match(ending({ ...lost, served_by: { ...SERVED, version: 'equilibrium' } }, 'Logan').text, /^The balanced mix was enough/);
});

test('who played is told by name, and a control as what it is', () => {
  assert.equal(servedBy(SERVED), 'Played by logan, model B, version v1.');
  assert.equal(
    servedBy({ family: 'logan', alias: 'control', version: 'equilibrium' }),
    'Played by the equilibrium and not by logan’s models, as a few matches are: they are the control that models are compared with.',
  );
  assert.equal(
    servedBy({ ...SERVED, version: 'equilibrium' }),
    'No model answered in time, so the equilibrium played for logan, model B.',
  );
});

test('trouble with the connection is told, peace is not', () => {
  assert.equal(connection({ link: 'online', draining: false }), null);
  const told = [['connecting', false], ['reconnecting', false], ['offline', false], ['elsewhere', false], ['online', true]];
  assert.equal(new Set(told.map(([link, draining]) => connection({ link, draining }))).size, 5);
});

test('a broken seal is an alarm that names its round', async () => {
  const { match } = (await messages(VICTORY)).slice(0, 3).reduce(reduce, initial());
  assert.equal(alarm(match), null);
  const broken = { ...match.rounds[0], seal: { verdict: 'broken', faults: ['It does not hash.'] } };
  assert.match(alarm({ ...match, rounds: [broken] }), /Round 1: It does not hash/);
  assert.match(alarm({ ...match, checks: [{ name: 'seed', holds: false, text: 'The seed' }] }), /The seed/);
});

test('what a reader hears holds the throw, the standing and the next values', async () => {
  const state = (await messages(VICTORY)).slice(0, 4).reduce(reduce, reduce(initial(), welcome()));
  assert.equal(
    announcement(state),
    'Rock blunts scissors. You score 2.0 points. You have 100 HP, Logan has 80. Round 2: rock 1.3, paper 1.8, scissors 1.0.',
  );
});

test('a row of how the models fare names who played', () => {
  assert.equal(playedBy({ alias: 'B', version: 'v1' }), 'v1 as B');
  assert.equal(playedBy({ alias: 'control', version: 'equilibrium' }), 'the equilibrium, as a control');
  assert.equal(playedBy({ alias: 'B', version: 'equilibrium' }), 'the equilibrium, for want of a model');
  assert.equal(range([0.312, 0.838]), '31 to 84 %');
});

test('refusals speak to people, not in codes', () => {
  for (const [code, words] of Object.entries(WORDS)) if (words !== null) assert.equal(words.includes('`') || words.includes(`${code}:`), false);
});
