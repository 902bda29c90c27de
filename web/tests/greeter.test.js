import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { Greeter } from '../greeter.js';

let kept, sent, up, greeter;
const store = {
  token: () => kept.token,
  name: () => kept.name,
  keepToken: (token) => { kept.token = token; },
};
const withLocks = (locks) => Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });

beforeEach(() => {
  withLocks(undefined);
  [kept, sent, up] = [{ token: null, name: null }, [], true];
  greeter = new Greeter(store, (message) => up && Boolean(sent.push(message)));
});
afterEach(() => withLocks(undefined));

test('a stranger says only hello, a known player the token and the name', () => {
  greeter.hello();
  kept = { token: 't1', name: 'Ada' };
  greeter.hello();
  assert.deepEqual(sent, [{ type: 'hello' }, { type: 'hello', token: 't1', name: 'Ada' }]);
});

test('the new token is kept at once', () => {
  greeter.hello();
  greeter.welcomed('t2');
  assert.equal(kept.token, 't2');
});

test('a refused token is forgotten', () => {
  kept.token = 't1';
  greeter.hello();
  greeter.refused();
  assert.deepEqual([kept.token, sent.at(-1)], [null, { type: 'hello' }]);
});

test('a refused token that another tab has renewed meanwhile is replaced by its successor', () => {
  kept.token = 't1';
  greeter.hello();
  kept.token = 't2';
  greeter.refused();
  assert.deepEqual([kept.token, sent.at(-1)], ['t2', { type: 'hello', token: 't2' }]);
});

/** Locks as the browser has them, one turn after the other. */
function queue() {
  let last = Promise.resolve();
  return {
    request(_name, { signal }, turn) {
      const mine = last.then(() => { signal.throwIfAborted(); return turn(); });
      last = mine.catch(() => {});
      return mine;
    },
  };
}
const soon = () => new Promise(setImmediate);

test('a second tab waits for the welcome of the first, and uses its token', async () => {
  withLocks(queue());
  kept.token = 't1';
  const second = new Greeter(store, (message) => Boolean(sent.push(message)));
  greeter.hello();
  second.hello();
  await soon();
  assert.equal(sent.length, 1);
  greeter.welcomed('t2');
  await soon();
  assert.deepEqual(sent.at(-1), { type: 'hello', token: 't2' });
});

test('a tab whose socket is gone gives up its turn', async () => {
  withLocks(queue());
  const second = new Greeter(store, (message) => Boolean(sent.push(message)));
  const third = new Greeter(store, (message) => Boolean(sent.push(message)));
  greeter.hello();
  second.hello();
  third.hello();
  await soon();
  second.quit();
  greeter.quit();
  await soon();
  assert.equal(sent.length, 2);
});

test('a hello that cannot be sent holds up nobody', async () => {
  withLocks(queue());
  up = false;
  const second = new Greeter(store, (message) => Boolean(sent.push(message)));
  greeter.hello();
  second.hello();
  await soon();
  assert.equal(sent.length, 1);
});
