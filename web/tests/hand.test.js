import assert from 'node:assert/strict';
import { test } from 'node:test';

import { left, linked, threw } from '../acts.js';
import {
  affirmed, beheld, cameraIs, consented, counted, counting, declined, denied, donating, failed, looked, openHand, posted, pressed,
  retried, settled, switched, unheard, wantsCamera,
} from '../hand.js';
import { replies } from '../replies.js';
import { initial, reduce } from '../state.js';
import { ASK_MS, PAUSE_MS, READ_MS, answerIsLate, nextPreview, phaseEnds } from '../timetable.js';
import { guidance, spoken } from '../view/advice.js';
import { MATCH, VICTORY, messages, welcome } from './play.js';

const told = await messages(VICTORY);
const after = (count, from = initial(null, { consented: true })) =>
  then(from, (now) => linked(now, 'online'), ...[welcome(), ...told.slice(0, count)].map((message) => (now) => reduce(now, message)));
const then = (state, ...changes) => changes.reduce((now, change) => settled(change(now)), state);
const seen = (label, more = {}) => (now) => reduce(now, {
  type: 'seen', match: MATCH, round: 1, label, confidence: 0.9, probabilities: {}, accepted: false, ...more,
});
const refused = (code, more = {}) => (now) => reduce(now, { type: 'refused', code, message: '', match: MATCH, round: 1, ...more });
const on = (now) => then(now, (s) => switched(s, true), (s) => cameraIs(s, 'on'));
const open = after(2);
const live = on(open);
/** The picture of a throw is on its way. */
const shot = then(live, (now) => counted(now, 0), pressed, (now) => posted(now, 'play'));

test('no camera is wanted before the player has consented, and none where it is declined', () => {
  const fresh = after(2, initial());
  const asked = then(fresh, (now) => switched(now, true));
  assert.deepEqual([asked.hand.asking, wantsCamera(asked)], ['camera', false]);
  const no = then(asked, declined);
  assert.deepEqual([no.hand.asking, wantsCamera(no)], [null, false]);
  const yes = then(asked, consented);
  assert.deepEqual([yes.hand.asking, yes.hand.consented, wantsCamera(yes)], [null, true, true]);
});

test('consent to a photo turns no camera on', () => {
  const asked = then(after(2, initial()), (now) => ({ ...now, hand: { ...now.hand, asking: 'photo' } }), consented);
  assert.deepEqual([asked.hand.consented, wantsCamera(asked)], [true, false]);
});

test('the camera is on only in a live match that is looked at, and no longer than it is wanted', async () => {
  assert.equal(wantsCamera(live), true);
  assert.equal(wantsCamera(then(live, (now) => beheld(now, false))), false);
  assert.equal(wantsCamera(then(live, (now) => switched(now, true))), false);
  assert.equal(wantsCamera(after(told.length, live)), false);
  assert.equal(wantsCamera(then(live, refused('gestures-off'))), false);
  assert.equal(wantsCamera(then(live, refused('gestures-off'), retried)), true);
});

test('nothing is stored or donated by default, and the countdown is one of those there are', () => {
  assert.deepEqual([openHand().donate, openHand().consented, openHand({ countdown: 7 }).countdown], [false, false, 3]);
  assert.equal(openHand({ countdown: 0 }).countdown, 0);
  assert.equal(donating(open, true).hand.donate, true);
});

test('a page that may have no camera says so without asking anything', () => {
  const state = then(after(2, initial()), (now) => switched(now, false));
  assert.deepEqual([state.hand.asking, state.hand.camera], [null, 'insecure']);
  assert.match(guidance(state.hand), /https.*Buttons and keys/);
});

test('one preview at a time, and the next one after the gap or the peace that was asked for', () => {
  assert.equal(nextPreview(live).afterMs, 0);
  const sent = then(live, (now) => posted(now, 'preview'));
  assert.equal(nextPreview(sent), null);
  assert.equal(then(sent, answerIsLate(sent).then).hand.sent, null);
  assert.equal(nextPreview(then(sent, seen('rock'))).afterMs > 0, true);
  assert.equal(nextPreview(then(sent, refused('slow-down', { retry_after_ms: 700 }))).afterMs, 700);
  assert.equal(nextPreview(then(sent, unheard)) !== null, true);
});

test('no previews are sent while no round is open, a throw is on its way, or the connection is gone', () => {
  assert.equal(nextPreview(on(after(1))), null);
  assert.equal(nextPreview(then(live, (now) => threw(now, 'rock', 'key'))), null);
  assert.equal(nextPreview(then(live, (now) => linked(now, 'reconnecting'))), null);
  assert.equal(nextPreview(then(live, left)), null);
  assert.equal(nextPreview(then(live, (now) => looked(now, 'camera'))), null);
});

test('it counts down, takes the picture at zero, and goes on by itself with the next round', () => {
  let state = then(live, pressed);
  for (const left of [3, 2, 1]) {
    assert.deepEqual(state.hand.phase, { name: 'counting', left });
    state = then(state, phaseEnds(state).then);
  }
  assert.deepEqual(state.hand.phase, { name: 'looking', input: 'camera' });
  const next = then(state, ...told.slice(2, 4).map((message) => (now) => reduce(now, message)));
  assert.deepEqual([next.hand.phase.name, phaseEnds(next).afterMs], ['idle', PAUSE_MS]);
  assert.deepEqual(then(next, phaseEnds(next).then).hand.phase, { name: 'counting', left: 3 });
});

test('counting can be stopped, and stops where a button is pressed or nobody looks', () => {
  const state = then(live, pressed);
  const stopped = then(state, pressed);
  assert.deepEqual([stopped.hand.phase.name, phaseEnds(stopped)], ['idle', null]);
  assert.equal(then(state, (now) => threw(now, 'rock', 'button')).hand.phase.name, 'idle');
  assert.equal(then(state, (now) => cameraIs(now, 'off')).hand.phase.name, 'idle');
});

test('without a countdown a press takes the picture, and only where there is a camera', () => {
  assert.deepEqual(then(live, (now) => counted(now, 0), pressed).hand.phase, { name: 'looking', input: 'camera' });
  const off = then(open, (now) => counted(now, 0));
  assert.equal(then(off, pressed), off);
});

test('a sign that is accepted is kept like a pressed button until its result comes', () => {
  const thrown = then(shot, seen('paper', { accepted: true }));
  assert.deepEqual(thrown.pending, { round: 1, move: 'paper', input: 'camera' });
  const upload = then(open, (now) => looked(now, 'upload'), (now) => posted(now, 'play'), seen('rock', { accepted: true }));
  assert.equal(upload.pending.input, 'upload');
});

test('an unclear sign is asked about where it may be a move; yes throws it and no shows it again', () => {
  const asked = then(shot, seen('rock', { reason: 'unsure' }));
  assert.deepEqual(asked.hand.phase, { name: 'told', input: 'camera', reason: 'unsure', guess: 'rock' });
  assert.match(guidance(asked.hand), /^Did we see rock\?/);
  assert.equal(spoken(asked.hand), guidance(asked.hand));
  assert.deepEqual(then(asked, affirmed).pending, { round: 1, move: 'rock', input: 'camera' });
  assert.equal(then(asked, denied).hand.phase.name, 'idle');
  const none = then(shot, seen('none', { reason: 'no-hand' }));
  assert.equal(none.hand.phase.guess, null);
  assert.equal(then(none, affirmed), none);
});

test('after an unclear sign it counts down again by itself while it runs, later where something was asked', () => {
  const running = then(live, pressed, (now) => counting(now, 0), (now) => posted(now, 'play'));
  const asked = then(running, seen('rock', { reason: 'unsure' }));
  const none = then(running, seen('none', { reason: 'no-hand' }));
  assert.deepEqual([phaseEnds(asked).afterMs, phaseEnds(none).afterMs], [ASK_MS, READ_MS]);
  assert.equal(then(asked, denied).hand.phase.name, 'counting');
  assert.equal(then(none, pressed).hand.running, false);
  assert.equal(phaseEnds(then(none, pressed)), null);
});

test('what was seen in another round is passed over', () => {
  const state = then(live, seen('rock', { round: 9 }), seen('paper', { match: 'other', accepted: true }));
  assert.deepEqual([state.hand.sight, state.pending], [null, null]);
});

test('a refused preview leaves a throw on its way alone and tells nobody', () => {
  const state = then(live, (now) => posted(now, 'preview'), (now) => threw(now, 'rock', 'key'));
  for (const code of ['bad-image', 'gestures-off']) assert.deepEqual(then(state, refused(code)).pending, state.pending, code);
  const waiting = then(live, (now) => posted(now, 'preview'));
  for (const code of ['slow-down', 'round-not-open', 'bad-image']) {
    const next = then(waiting, refused(code));
    assert.deepEqual([next.refusal, next.hand.sent], [null, null], code);
    assert.deepEqual(replies(waiting, next, { type: 'refused', code, message: '' }).send, [], code);
  }
});

test('a refused picture of a throw says why, and asks for what was missed', () => {
  const reasons = { 'bad-image': 'unreadable', 'slow-down': 'too-fast', 'stale-round': 'elsewhere' };
  for (const [code, reason] of Object.entries(reasons)) assert.equal(then(shot, refused(code)).hand.phase.reason, reason);
  const message = { type: 'refused', code: 'stale-round', message: '', round: 1 };
  assert.equal(replies(shot, reduce(shot, message), message).send[0].type, 'sync');
});

test('a picture without an answer is given up, and so is one whose connection is lost', () => {
  assert.equal(then(shot, phaseEnds(shot).then).hand.phase.reason, 'no-answer');
  const lost = then(shot, (now) => linked(now, 'reconnecting'));
  assert.deepEqual([lost.hand.phase.name, lost.hand.sent], ['idle', null]);
  assert.equal(failed(live, 'no-answer'), live);
});

test('a server without gestures is asked again after a new welcome', () => {
  const blind = then(live, refused('gestures-off'));
  assert.equal(guidance(blind.hand), 'This server cannot see hands. Buttons and keys work as ever.');
  assert.equal(then(blind, (now) => reduce(now, welcome({ match: MATCH }))).hand.blind, false);
});

test('what was forgotten is told until something else happens, however many previews are answered meanwhile', () => {
  const state = then(live, (now) => reduce(now, { type: 'forgotten', donations: 2 }), seen('rock'), seen('paper'));
  assert.equal(state.hand.forgotten, 2);
  assert.equal(then(state, (now) => donating(now, true)).hand.forgotten, null);
  const next = then(after(2), (now) => reduce(now, { type: 'forgotten', donations: 2 }), ...told.slice(2, 4).map((message) => (now) => reduce(now, message)));
  assert.deepEqual([next.hand.round, next.hand.forgotten], [2, null]);
});

test('with the match the counting ends, so that another one begins calmly', () => {
  const over = after(told.length, then(live, pressed));
  assert.deepEqual([over.match.over.winner, over.hand.running], ['player', false]);
});
