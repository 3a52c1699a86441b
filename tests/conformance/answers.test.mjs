// Every answer of every operation, errors included, is what the document says: status, header fields, content type and
// body. At the end every documented status must have been seen.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { callsOf } from './lib/calls.mjs';
import { freshAddress } from './lib/client.mjs';
import { mustBeEmpty, openContext, send } from './lib/context.mjs';
import { neverSeen } from './lib/coverage.mjs';
import { fillPath, target, unknownId, unknownIds } from './lib/document.mjs';
import { endsRun, readStream } from './lib/sse.mjs';
import { errorShapeFaults, Validator } from './lib/validator.mjs';
import { planted } from './lib/world.mjs';
import { oneWrongCall } from './lib/wrong_calls.mjs';

const largestBody = 1 << 20;
const largestHeader = 16 << 10; // bytes, of all of a request's header fields together
const largestTree = 32 << 20; // bytes of its agents' texts
const nobody = 'fr_live_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

let context;
let validator;
let operations;
before(async () => {
  context = await openContext();
  validator = new Validator(context.document);
  operations = context.document.operations;
});
after(() => context?.close());

/** The answer must be documented and have this status. */
function check(faults, operation, answer, status, what) {
  const all = validator.answerFaults(operation, answer);
  if (answer.status !== status) all.push(`is answered ${answer.status}, not ${status}: ${answer.text.slice(0, 200)}`);
  if (answer.text.includes(planted)) all.push('shows the value of a secret');
  if (answer.status >= 400 && !isProbe(operation)) all.push(...errorShapeFaults(answer));
  faults.push(...all.map((fault) => `${operation.name} (${what}): ${fault}`));
}

/** A probe's answer is not an error: it says how the server is. */
const isProbe = (operation) => ['GET /healthz', 'GET /readyz'].includes(operation.name);

/** What an unknown but well-formed request to the operation looks like: for what is refused before it is read. */
const anyRequest = (operation) => fillPath(operation.path, unknownIds(operation));

/** Makes a call's preliminaries; where they fail that is a fault of its own, and the others are still looked at. */
async function prepare(faults, operation, make) {
  try {
    return await make(context.world);
  } catch (problem) {
    faults.push(`${operation.name}: cannot be prepared: ${problem.message}`);
    return undefined;
  }
}

function streamFaults(operation, answer, call) {
  const { entries, faults, rest } = readStream(answer.text);
  if (answer.status !== 200) return faults;
  const schema = operation.path.startsWith('/api/messages') ? 'Message' : 'Event';
  for (const entry of entries) {
    faults.push(...validator.faults(`#/components/schemas/${schema}`, entry.data));
    if (entry.data.seq !== entry.id) faults.push(`the id ${entry.id} is not the seq ${entry.data.seq}`);
  }
  if (call.events) {
    if (entries.length < call.events) faults.push(`only ${entries.length} entries`);
    return faults;
  }
  if (!answer.whole || rest !== '') faults.push(`the stream does not end behind a whole entry: ${rest}`);
  if (!endsRun(entries.at(-1)?.data)) faults.push(`the stream ends with ${JSON.stringify(entries.at(-1))}`);
  return faults;
}

describe('valid calls', () => {
  test('each succeeds, and is answered as documented', async () => {
    const faults = [];
    for (const operation of operations) {
      for (const [at, make] of callsOf(operation).entries()) {
        const call = await prepare(faults, operation, make);
        if (!call) continue;
        const answer = await send(context.client, operation, call);
        check(faults, operation, answer, operation.success, `call ${at + 1}`);
        if (operation.isStream) faults.push(...streamFaults(operation, answer, call).map((one) => `${operation.name}: ${one}`));
      }
    }
    mustBeEmpty(faults, 'valid calls');
  });

  test('their bodies are valid by the document, so that it is not stricter than the server', async () => {
    const faults = [];
    for (const operation of operations.filter((one) => one.body)) {
      for (const make of callsOf(operation)) {
        const call = await prepare(faults, operation, make);
        if (call?.body === undefined) continue;
        const sent = JSON.parse(JSON.stringify(call.body));
        faults.push(...validator.faults(operation.body.pointer, sent).map((one) => `${operation.name}: ${one}`));
      }
    }
    mustBeEmpty(faults, 'bodies of valid calls');
  });

  test('a HEAD is answered as its GET, without a body', async () => {
    const faults = [];
    for (const operation of operations.filter((one) => one.method === 'GET' && !one.isStream)) {
      const call = await prepare(faults, operation, callsOf(operation)[0]);
      if (!call) continue;
      const answer = await context.client.ask('HEAD', target(operation, call));
      if (answer.status !== operation.success) faults.push(`HEAD ${operation.path}: ${answer.status}`);
      if (answer.bytes.length > 0) faults.push(`HEAD ${operation.path}: a body`);
    }
    mustBeEmpty(faults, 'HEAD');
  });

  test('the same POST again with its key is answered the same again', async () => {
    const faults = [];
    for (const operation of operations.filter((one) => one.method === 'POST' && !one.isStream)) {
      const call = await prepare(faults, operation, callsOf(operation)[0]);
      if (!call) continue;
      const keyed = { ...call, headers: { 'Idempotency-Key': `again-${operation.path}` } };
      const first = await send(context.client, operation, keyed);
      const again = await send(context.client, operation, keyed);
      check(faults, operation, again, operation.success, 'again');
      if (again.text !== first.text) faults.push(`${operation.name}: another answer: ${again.text} after ${first.text}`);
      if (again.headers.location !== first.headers.location) faults.push(`${operation.name}: another Location`);
      if (again.headers['idempotency-replayed'] !== 'true') faults.push(`${operation.name}: not said to be a replay`);
      if (first.headers['idempotency-replayed'] === 'true') faults.push(`${operation.name}: the first is no replay`);
      const other = await send(context.client, operation, { ...keyed, body: { ...call.body, another: 1 } });
      check(faults, operation, other, 400, 'the key with another body');
    }
    mustBeEmpty(faults, 'repeated POSTs');
  });
});

describe('refused calls', () => {
  test('400: one wrong value for each operation that takes any', async () => {
    const faults = [];
    for (const operation of operations) {
      const call = await prepare(faults, operation, (world) => oneWrongCall(operation, callsOf(operation)[0], world));
      if (call) check(faults, operation, await send(context.client, operation, call), 400, call.what);
    }
    mustBeEmpty(faults, '400');
  });

  test('400: the last admin token is not revoked', async () => {
    const alone = await openContext();
    const operation = context.document.operation('DELETE /api/tokens/{id}');
    const [last] = await alone.client.all('/api/tokens');
    const faults = [];
    check(faults, operation, await send(alone.client, operation, { path: { id: last.id } }), 400, 'the last one');
    await alone.close();
    mustBeEmpty(faults, '400');
  });

  test('403: a limit of the plan is reached; the message says which', async () => {
    const limits = { 'limit-agents': 1, 'limit-tasks-per-month': 1, 'limit-tokens-per-month': 40 };
    const small = await openContext({ settings: limits });
    const agent = await small.world.agent();
    // Says more than the plan allows, and is cut there.
    const task = await small.world.run(await small.world.task({ assignee: agent.id, input: '@repeat 100 "so "' }));
    const attempts = [
      ['POST /api/agents', { body: small.world.agentFields() }, /limit of 1 agent/],
      ['POST /api/tasks', { body: await small.world.taskFields({ assignee: agent.id }) }, /limit of 1 task/],
      ['POST /api/run', { body: { taskId: task.id, restart: true } }, /limit of 40 tokens/],
    ];
    const faults = [];
    for (const [name, call, word] of attempts) {
      const operation = context.document.operation(name);
      const answer = await send(small.client, operation, call);
      check(faults, operation, answer, 403, 'a limit of the plan');
      if (!word.test(answer.text)) faults.push(`${name}: does not say which: ${answer.text}`);
    }
    await small.close();
    mustBeEmpty(faults, '403');
  });

  test('/metrics asks for a token, or is not there, where a setting says so', async () => {
    for (const [metrics, nobody, viewer] of [['token', 401, 200], ['off', 404, 404]]) {
      const server = await openContext({ settings: { metrics } });
      assert.equal((await server.client.as(null).ask('GET', '/metrics')).status, nobody, metrics);
      assert.equal((await server.client.ask('GET', '/metrics')).status, viewer, metrics);
      const described = server.document.operations.find((one) => one.path === '/metrics');
      assert.equal(described?.isOpen, metrics === 'off' ? undefined : false, `${metrics}: the document says so`);
      await server.close();
    }
  });

  test('401: no token, one of nobody, one that is none', async () => {
    const faults = [];
    for (const operation of operations.filter((one) => !one.isOpen)) {
      for (const token of [null, nobody, 'nonsense']) {
        const from = freshAddress(); // failures are limited by address
        const answer = await context.client.as(token).ask(operation.method, anyRequest(operation), { from });
        check(faults, operation, answer, 401, `token ${token}`);
      }
    }
    mustBeEmpty(faults, '401');
  });

  test('403: a role below the one that is asked for', async () => {
    const faults = [];
    const viewer = context.client.as((await context.world.token('viewer')).token);
    for (const operation of operations.filter((one) => ['operator', 'admin'].includes(one.leastRole))) {
      check(faults, operation, await viewer.ask(operation.method, anyRequest(operation)), 403, 'a viewer');
    }
    viewer.close();
    mustBeEmpty(faults, '403');
  });

  test('404: an id of nothing that there is', async () => {
    const faults = [];
    for (const operation of operations.filter((one) => one.responses[404])) {
      const call = await prepare(faults, operation, () => unknownCall(operation));
      if (call) check(faults, operation, await send(context.client, operation, call), 404, 'an unknown id');
    }
    mustBeEmpty(faults, '404');
  });

  test('413 and 415: a body that is too large, or not JSON by its type', async () => {
    const faults = [];
    for (const operation of operations.filter((one) => one.body)) {
      const large = Buffer.alloc(largestBody + 1, 0x20);
      const path = anyRequest(operation);
      check(faults, operation, await context.client.ask(operation.method, path, { body: large }), 413, 'too large');
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx']) {
        const options = { body: '{}', headers: { 'Content-Type': type } };
        check(faults, operation, await context.client.ask(operation.method, path, options), 415, type);
      }
    }
    mustBeEmpty(faults, '413 and 415');
  });

  test('413: a tree that is larger than one answer', async () => {
    const large = await openContext();
    const role = 'A'.repeat(250_000);
    for (let made = 0; made * role.length <= largestTree; made += 1) await large.world.agent({ role });
    const faults = [];
    const operation = context.document.operation('GET /api/agents/tree');
    check(faults, operation, await large.client.ask('GET', '/api/agents/tree'), 413, 'a large tree');
    await large.close();
    mustBeEmpty(faults, '413');
  });

  test('431: header fields that are too large', async () => {
    const faults = [];
    const headers = { 'X-Large': 'x'.repeat(largestHeader) };
    for (const operation of operations) {
      const answer = await context.client.ask(operation.method, anyRequest(operation), { headers });
      check(faults, operation, answer, 431, 'a large header field');
    }
    mustBeEmpty(faults, '431');
  });

  test('429: the token has used up its minute', async () => {
    const limited = await openContext({ settings: { 'rate-limit': 1 } });
    await limited.client.ask('GET', '/api/me');
    const faults = [];
    for (const operation of operations.filter((one) => !one.isOpen)) {
      check(faults, operation, await limited.client.ask(operation.method, anyRequest(operation)), 429, 'the limit');
    }
    await limited.close();
    mustBeEmpty(faults, '429');
  });

  test('a token may make 120 requests a minute, unless it is set otherwise', async () => {
    const usual = await openContext({ settings: { 'rate-limit': undefined } });
    const first = await usual.client.ask('GET', '/api/me');
    const second = await usual.client.ask('GET', '/api/me');
    await usual.close();
    assert.equal(first.headers['ratelimit-limit'], '120');
    assert.ok(Number(second.headers['ratelimit-remaining']) < 120);
    assert.match(second.headers['ratelimit-reset'], /^\d+$/);
  });

  test('503: the server drains', async () => {
    const faults = [];
    const draining = await openContext({ settings: { 'drain-seconds': 60 } });
    const task = await draining.world.task({ input: '@delay 120s\n@say late' });
    const watched = draining.client.stream('POST', '/api/run', {
      body: { taskId: task.id },
      enough: (text) => readStream(text).entries.length > 0,
    });
    await watched; // it runs, so the server waits for it
    draining.server.signal('SIGTERM');
    await refusing(draining.client);
    for (const operation of operations.filter((one) => one.responses[503])) {
      check(faults, operation, await draining.client.ask(operation.method, anyRequest(operation)), 503, 'draining');
    }
    draining.server.signal('SIGTERM'); // a second one ends it at once
    await draining.close();
    mustBeEmpty(faults, '503');
  });
});

/** A call that names something unknown: in its path, or where its body or query names an object or a secret. */
async function unknownCall(operation) {
  const call = await callsOf(operation)[0](context.world);
  if (operation.pathParameters.length > 0) return { ...call, path: unknownIds(operation) };
  const unknown = { 'POST /api/run': { body: { taskId: unknownId('tsk') } }, 'DELETE /api/secrets': { body: { key: 'NO_SUCH' } } };
  return unknown[operation.name] ?? { query: { root: unknownId('agt') } };
}

/** Waits until the server refuses what is new. */
async function refusing(client) {
  const deadline = Date.now() + 15_000;
  while ((await client.ask('GET', '/readyz')).status !== 503) {
    if (Date.now() > deadline) throw new Error('the server does not drain');
  }
}

test('every operation and every documented status has been seen', () => {
  mustBeEmpty(neverSeen(context.document, validator.seen), 'never seen');
});
