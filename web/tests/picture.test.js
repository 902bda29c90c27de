import assert from 'node:assert/strict';
import { test } from 'node:test';

import { trouble } from '../camera.js';
import { fitted } from '../picture.js';
import { bones } from '../view/overlay.js';

test('a picture is made smaller to fit, never larger, and keeps its shape', () => {
  assert.deepEqual(fitted(4000, 3000, 1024), { width: 1024, height: 768 });
  assert.deepEqual(fitted(300, 1200, 480), { width: 120, height: 480 });
  assert.deepEqual(fitted(64, 48, 480), { width: 64, height: 48 });
  assert.deepEqual(fitted(10_000, 2, 480), { width: 480, height: 1 });
});

test('what a browser calls a trouble has a name of ours', () => {
  const named = (name) => trouble(Object.assign(new Error(), { name }));
  assert.deepEqual(['NotAllowedError', 'NotFoundError', 'NotReadableError', 'Whatever'].map(named), ['denied', 'none', 'busy', 'failed']);
});

test('every point of the hand is on a bone', () => {
  const points = Array.from({ length: 21 }, (_, index) => [index / 100, index / 50]);
  const drawn = bones(points, 100, 50);
  for (const [x, y] of points) assert.ok(drawn.includes(`${(100 * x).toFixed(1)} ${(50 * y).toFixed(1)}`), `${x}`);
});
