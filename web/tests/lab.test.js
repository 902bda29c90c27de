import assert from 'node:assert/strict';
import { test } from 'node:test';

import { looks, refusal, sighting } from '../lab/answers.js';
import { INITIAL, added, adding, admitted, isAdding, looked, reported, shown, troubled, unreached } from '../lab/state.js';
import { addition, because, progress, verdict } from '../lab/words.js';

const CLEAR = { label: 'rock', confidence: 0.9, probabilities: { rock: 0.9 }, clear: true, landmarks: [], reason: null, version: 'v1' };
const PICTURE = { url: 'blob:1', width: 4, height: 3 };

test('who we are follows from the answer: nobody special, to be asked for a token, or an operator', () => {
  assert.equal(admitted(INITIAL, 404, false).mode, 'visitor');
  assert.deepEqual([admitted(INITIAL, 401, false).mode, admitted(INITIAL, 401, false).wrong], ['locked', false]);
  assert.deepEqual([admitted(INITIAL, 401, true).mode, admitted(INITIAL, 401, true).wrong], ['locked', true]);
  assert.equal(admitted(INITIAL, 200, true).mode, 'operator');
  assert.equal(admitted({ ...INITIAL, mode: 'operator' }, 429, true).mode, 'operator');
});

test('an answer about a picture that was replaced meanwhile is passed over', () => {
  const newer = shown(shown(INITIAL, PICTURE), { ...PICTURE, url: 'blob:2' });
  assert.equal(looked(newer, 'blob:1', { Production: sighting(CLEAR) }), newer);
  const seen = looked(newer, 'blob:2', { Production: sighting(CLEAR) });
  assert.deepEqual([seen.looking, seen.looks.Production.guess], [false, 'rock']);
  assert.deepEqual([troubled(newer, 'no').looking, troubled(newer, 'no').trouble], [false, 'no']);
});

test('both shapes of an answer are read, of one model and of both', () => {
  const unclear = { ...CLEAR, label: 'unclear', guess: 'rock', accepted: false, reason: 'unsure', advice: 'Again.' };
  assert.deepEqual(Object.keys(looks(unclear)), ['Production']);
  assert.equal(verdict(looks(unclear).Production), 'Unclear; perhaps rock');
  assert.equal(because(looks(unclear).Production), 'Again.');
  const both = looks({ Production: CLEAR, B: null });
  assert.deepEqual([both.Production.accepted, both.B], [true, null]);
  assert.equal(verdict(both.Production), 'Rock');
  assert.equal(verdict(sighting({ ...CLEAR, clear: false, reason: 'unsure' })), 'Unclear; perhaps rock');
  assert.equal(verdict(sighting({ ...CLEAR, label: 'none', clear: false, reason: 'no-hand' })), 'No hand');
});

test('pictures that are added are counted, and those that are not are named', () => {
  let lab = adding(INITIAL, 'paper', 2);
  assert.deepEqual([isAdding(lab), addition(lab.adding)], [true, 'Adding to paper: 0 of 2…']);
  lab = added(added(lab, null), 'b.jpg (too dark)');
  assert.deepEqual([isAdding(lab), addition(lab.adding)], [false, 'One picture was added to paper. Not added: b.jpg (too dark)']);
  assert.equal(added(INITIAL, null), INITIAL);
});

test('how far a training is, is told, and how it ended', () => {
  const job = { state: 'running', phase: 'learning', percent: 41.6, eta_s: 200, message: '' };
  assert.equal(progress(job), 'Learning: 42 %, about 3 min left.');
  assert.equal(progress({ ...job, eta_s: null }), 'Learning: 42 %.');
  assert.equal(progress({ ...job, state: 'refused', message: 'Worse on one.' }), 'Refused. Worse on one.');
  assert.equal(progress({ ...job, state: 'idle' }), 'Nothing is being trained.');
});

test('why something was refused is said in the words of the answer', () => {
  assert.equal(refusal(400, { code: 'bad-image', message: 'No picture.' }), 'No picture.');
  assert.equal(refusal(409, { error: 'Under way.' }), 'Under way.');
  assert.equal(refusal(502, null), 'The server answered with 502.');
});

test('that the server does not answer is told until it does', () => {
  const down = unreached(INITIAL, 'gone');
  assert.deepEqual([down.down, reported(down, {}).down], ['gone', null]);
});
