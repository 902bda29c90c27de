import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { linked, threw } from '../acts.js';
import { beheld, counted, pressed, settled, switched } from '../hand.js';
import { Shutter } from '../shutter.js';
import { initial, reduce } from '../state.js';
import { MATCH, VICTORY, messages, welcome } from './play.js';

const told = await messages(VICTORY);
let state, posts, camera, shutter, starts;

/** A camera of one picture. */
class StubCamera {
  running = false;
  picture = 'frame';
  async start() { starts += 1; this.running = true; return 'on'; }
  stop() { this.running = false; }
  async frame() { return this.running ? this.picture : null; }
}

const update = (change) => {
  const before = state;
  state = settled(change(state));
  if (state !== before) shutter.follow(state);
};
const tell = (message) => update((now) => reduce(now, message));
const seen = (more = {}) => tell({ type: 'seen', match: MATCH, round: 1, label: 'rock', confidence: 0.9, probabilities: {}, accepted: false, ...more });
/** Let what waits for nothing but its turn happen. */
const turns = async () => { for (let turn = 0; turn < 20; turn += 1) await Promise.resolve(); };
const pass = async (ms) => { mock.timers.tick(ms); await turns(); };
const intents = () => posts.map(({ intent }) => intent);

beforeEach(async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  [posts, starts, camera] = [[], 0, new StubCamera()];
  shutter = new Shutter({
    camera, update,
    post: (gesture, picture) => posts.push({ ...gesture, picture }) > 0,
    photo: async (file) => (file === 'broken' ? null : `small ${file}`),
  });
  state = initial(null, { consented: true });
  update((now) => linked(now, 'online'));
  for (const message of [welcome(), told[0], told[1]]) tell(message);
});

afterEach(() => mock.timers.reset());

const turnOn = async () => { update((now) => switched(now, true)); await turns(); await pass(0); };

test('the camera follows the switch, the page and the match', async () => {
  await turnOn();
  assert.deepEqual([camera.running, starts], [true, 1]);
  update((now) => beheld(now, false));
  assert.equal(camera.running, false);
  update((now) => beheld(now, true));
  await turns();
  assert.deepEqual([camera.running, starts], [true, 2]);
  for (const message of told.slice(2)) tell(message);
  assert.equal(camera.running, false);
});

test('a preview leaves only when the one before it is answered or given up', async () => {
  await turnOn();
  assert.deepEqual(intents(), ['preview']);
  await pass(1000);
  assert.equal(posts.length, 1);
  seen();
  await pass(200);
  assert.equal(posts.length, 2);
  await pass(1500);
  await pass(200);
  assert.equal(posts.length, 3);
  tell({ type: 'refused', code: 'slow-down', message: '', retry_after_ms: 900 });
  await pass(899);
  assert.equal(posts.length, 3);
  await pass(1);
  assert.equal(posts.length, 4);
});

test('at zero one picture leaves as a throw, after the answer to the preview that is on its way', async () => {
  await turnOn();
  update(pressed);
  for (let second = 0; second < 3; second += 1) { seen(); await pass(150); await pass(850); }
  assert.equal(state.hand.phase.name, 'looking');
  assert.equal(intents().includes('play'), false, 'a preview is not answered yet');
  seen();
  assert.deepEqual([intents().at(-1), intents().filter((intent) => intent === 'play').length], ['play', 1]);
  seen({ accepted: true });
  assert.deepEqual(state.pending, { round: 1, move: 'rock', input: 'camera' });
});

test('a throw says that it is given only where the player gives it', async () => {
  await turnOn();
  seen();
  update((now) => counted(now, 0));
  update(pressed);
  await turns();
  assert.equal('donate' in posts.at(-1), false);
  seen({ reason: 'unsure' });
  update((now) => ({ ...now, hand: { ...now.hand, donate: true } }));
  update(pressed);
  await turns();
  assert.deepEqual([posts.at(-1).intent, posts.at(-1).donate], ['play', true]);
  assert.equal(posts.filter(({ intent }) => intent === 'preview').some((gesture) => 'donate' in gesture), false);
});

test('a photo is thrown as an upload without a camera, and one that cannot be read is told of', async () => {
  shutter.choose('photo');
  shutter.show();
  await turns();
  assert.deepEqual(posts, [{ type: 'gesture', match: MATCH, round: 1, intent: 'play', input: 'upload', picture: 'small photo' }]);
  seen({ reason: 'unsure' });
  shutter.choose('broken');
  shutter.show();
  await turns();
  assert.deepEqual([posts.length, state.hand.phase.reason], [1, 'unreadable']);
});

test('a picture whose round was decided by a button meanwhile is not sent', async () => {
  await turnOn();
  update((now) => counted(now, 0));
  update(pressed);
  update((now) => threw(now, 'rock', 'button'));
  seen();
  await turns();
  assert.deepEqual(intents(), ['preview']);
});
