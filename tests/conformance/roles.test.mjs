// Who may do what: each operation is called by each role, by nobody and with a revoked token, and lets in exactly those
// that the document declares.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { callsOf } from './lib/calls.mjs';
import { freshAddress } from './lib/client.mjs';
import { mustBeEmpty, openContext, send } from './lib/context.mjs';
import { readStream } from './lib/sse.mjs';
import { errorShapeFaults } from './lib/validator.mjs';
import { changedCollections, everythingOf } from './lib/world.mjs';

const ranks = ['viewer', 'operator', 'admin'];

let context;
before(async () => (context = await openContext()));
after(() => context?.close());

/** Calls every operation that needs a token with one; `expects(operation)` is the status, 0 for success. */
async function callAll(token, expects, from = () => undefined) {
  const client = context.client.as(token);
  const faults = [];
  for (const operation of context.document.operations.filter((one) => !one.isOpen)) {
    let call;
    try {
      call = await callsOf(operation)[0](context.world);
    } catch (problem) {
      faults.push(`${operation.name}: cannot be prepared: ${problem.message}`);
      continue;
    }
    const status = expects(operation) || operation.success;
    const before = status >= 400 ? await everythingOf(context.client) : {};
    const answer = await send(client, operation, { ...call, from: from() });
    if (answer.status !== status) faults.push(`${operation.name}: ${answer.status}, not ${status}: ${answer.text.slice(0, 200)}`);
    if (status < 400) continue;
    faults.push(...errorShapeFaults(answer).map((fault) => `${operation.name}: ${fault}`));
    const changed = changedCollections(before, await everythingOf(context.client));
    if (changed.length > 0) faults.push(`${operation.name}: has changed ${changed.join(', ')}`);
  }
  client.close();
  return faults;
}

test('every operation that needs a token declares the least role for it', () => {
  for (const operation of context.document.operations) {
    if (operation.isOpen) assert.equal(operation.leastRole, undefined, operation.name);
    else assert.ok(ranks.includes(operation.leastRole), `${operation.name}: ${operation.leastRole}`);
  }
});

test('what the document declares is what the contract says', () => {
  const adminOnly = /^\/api\/(secrets|mcps|tokens|backup)/;
  for (const { name, path, method, isOpen, leastRole } of context.document.operations) {
    const open = ['/', '/healthz', '/readyz', '/api/openapi.json'].includes(path);
    if (path !== '/metrics') assert.equal(isOpen, open, name);
    if (isOpen) continue;
    const least = adminOnly.test(path) ? 'admin' : method === 'GET' ? 'viewer' : 'operator';
    assert.equal(leastRole, least, name);
  }
});

for (const [rank, role] of ranks.entries()) {
  test(`${role}: lets in what it may, and nothing else`, async () => {
    const { token } = await context.world.token(role);
    const faults = await callAll(token, (operation) => (rank < ranks.indexOf(operation.leastRole) ? 403 : 0));
    mustBeEmpty(faults, role);
  });
}

test('nobody: 401', async () => mustBeEmpty(await callAll(null, () => 401, freshAddress), 'without a token'));

test('a revoked token: 401', async () => {
  const made = await context.world.token('admin');
  assert.equal((await context.client.as(made.token).ask('GET', '/api/me')).status, 200);
  await context.client.must('DELETE', `/api/tokens/${made.id}`);
  mustBeEmpty(await callAll(made.token, () => 401, freshAddress), 'with a revoked token');
});

test('what needs no token is answered without one', async () => {
  for (const operation of context.document.operations.filter((one) => one.isOpen)) {
    const answer = await send(context.client.as(null), operation, await callsOf(operation)[0](context.world));
    assert.equal(answer.status, operation.success, operation.name);
  }
});

test('revoking a token ends the streams that it opened', async () => {
  const made = await context.world.token('viewer');
  const client = context.client.as(made.token);
  const task = await context.world.task({ input: '@delay 60s\n@say late' });
  await context.client.stream('POST', '/api/run', { body: { taskId: task.id }, enough: (text) => readStream(text).entries.length > 0 });
  let opened;
  const open = new Promise((resolve) => (opened = resolve));
  const seen = (text) => {
    if (text !== '') opened();
    return false;
  };
  const path = `/api/tasks/${task.id}/events`;
  const watched = client.stream('GET', path, { enough: seen }).catch((problem) => ({ problem }));
  await open;
  await context.client.must('DELETE', `/api/tokens/${made.id}`);
  const { problem, status } = await watched; // by itself: the run goes on for a minute
  assert.ok(problem === undefined || !/does not come to its end/.test(problem.message), `${problem}`);
  assert.equal(status ?? 200, 200);
  await context.client.must('POST', `/api/tasks/${task.id}/cancel`);
});
