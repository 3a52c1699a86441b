// Two orgs in one store: no operation shows one org's data to the other's token, or lets it touch them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { callsOf } from './lib/calls.mjs';
import { Client } from './lib/client.mjs';
import { mustBeEmpty, openContext, send } from './lib/context.mjs';
import { formsOf } from './lib/wrong_values.mjs';
import { runProgram, scratchDirectory, startServer } from './lib/server.mjs';
import { changedCollections, everythingOf, World } from './lib/world.mjs';

const mark = 'Zanzibar'; // stands in all that the other org has

let context;
let other; // the other org's client
let theirs; // what the other org has: ids by kind, and its secret's key
before(async () => {
  const data = scratchDirectory();
  await (await startServer({ data })).stop();
  const said = runProgram('org', 'create', `${mark} Ltd`, '--data', data);
  const token = /fr_live_[A-Za-z0-9_-]{43}/.exec(said)?.[0];
  assert.ok(token, said);
  context = await openContext({ data });
  other = new Client(context.server.port, token);
  theirs = await furnish(new World(other, mark));
  await furnish(context.world);
});
after(async () => {
  other?.close();
  await context?.close();
});

/** Makes one of everything. */
async function furnish(world) {
  const epic = await world.epic();
  const task = await world.doneTask({ epic_id: epic.id });
  const waiting = await world.waitingTask();
  const secret = await world.secret();
  await world.secret({ scope: 'agent', agentId: task.assignee });
  const mcp = await world.mcp();
  const token = await world.token();
  const message = await world.message(task.assignee);
  return { agt: task.assignee, tsk: task.id, waiting: waiting.id, epc: epic.id, mcp: mcp.id, mcpName: mcp.name, tok: token.id, msg: message.id, secret: secret.key };
}

const collectionKinds = { agents: 'agt', tasks: 'tsk', epics: 'epc', mcps: 'mcp', tokens: 'tok' };
const kindOf = (schema) =>
  formsOf(schema, context.document).map((form) => /^\^(agt|tsk|epc|mcp|tok|msg)_/.exec(form.pattern ?? '')?.[1]).find(Boolean);

/** What of the other org's stands in an answer; an id may come back where the request had it. */
function leaks(operation, call, answer) {
  const sent = JSON.stringify(call);
  const words = [mark, ...Object.values(theirs)].filter((word) => !sent.includes(word));
  const shown = answer.text + JSON.stringify(answer.headers);
  return words.filter((word) => shown.includes(word)).map((word) => `${operation.name}: shows ${word}`);
}

/** Each operation with each of its ids replaced by the other org's: { operation, call, what, in }. */
async function foreignCalls() {
  const found = [];
  for (const operation of context.document.operations.filter((one) => !one.isOpen)) {
    const call = await callsOf(operation)[0](context.world);
    for (const { name } of operation.pathParameters) {
      const kind = collectionKinds[operation.path.split('/')[2]];
      const ids = kind === 'tsk' ? [theirs.tsk, theirs.waiting] : [theirs[kind]];
      for (const id of ids) found.push({ operation, call: { ...call, path: { [name]: id } }, in: 'path' });
    }
    for (const { name, schema } of operation.query.filter((one) => kindOf(one.schema))) {
      found.push({ operation, call: { ...call, query: { ...call.query, [name]: theirs[kindOf(schema)] } }, in: 'query' });
    }
    for (const [name, schema] of Object.entries(operation.body?.schema.properties ?? {})) {
      const kind = kindOf(schema);
      if (kind) found.push({ operation, call: { ...call, body: { ...call.body, [name]: theirs[kind] } }, in: 'body' });
    }
  }
  return found;
}

test('the other org\'s ids are unknown wherever they are given, and nothing of it is touched', async () => {
  const calls = await foreignCalls();
  assert.ok(calls.length > 30, `${calls.length} calls`);
  const before = await everythingOf(other);
  const faults = [];
  for (const { operation, call, in: where } of calls) {
    const answer = await send(context.client, operation, { ...call, events: 0 });
    faults.push(...leaks(operation, call, answer));
    const isEmpty = where === 'query' && answer.status === 200 && (operation.isStream || answer.json?.length === 0);
    const isUnknown = answer.status === 404 || (where !== 'path' && answer.status === 400);
    if (!isEmpty && !isUnknown) faults.push(`${operation.name} (${where}): ${answer.status} ${answer.text.slice(0, 200)}`);
  }
  const changed = changedCollections(before, await everythingOf(other));
  if (changed.length > 0) faults.push(`the other org's ${changed.join(', ')} have changed`);
  mustBeEmpty(faults, 'foreign ids');
});

test('names of the other org\'s things name nothing', async () => {
  const { world, client } = context;
  const reference = '${secret:' + theirs.secret + '}';
  const refused = [
    ['POST', '/api/agents', world.agentFields({ mcps: [theirs.mcpName] }), 400],
    ['POST', '/api/mcps', world.mcpFields({ headers: { 'X-Token': reference } }), 400],
    ['DELETE', '/api/secrets', { key: theirs.secret }, 404],
    ['DELETE', '/api/secrets', { key: theirs.secret, scope: 'agent', agentId: theirs.agt }, [400, 404]],
  ];
  for (const [method, path, body, status] of refused) {
    const answer = await client.ask(method, path, { body });
    assert.ok([status].flat().includes(answer.status), `${method} ${path}: ${answer.status} ${answer.text}`);
  }
  // A name that the other org has is free here.
  await client.must('POST', '/api/mcps', world.mcpFields({ name: theirs.mcpName }));
  await client.must('POST', '/api/secrets', { key: theirs.secret, value: 'our own value' });
  const keys = (await other.all('/api/secrets')).map((one) => one.key);
  assert.deepEqual(keys, [theirs.secret], 'the other org still has its own');
});

test('no answer to this org\'s own calls shows anything of the other', async () => {
  const faults = [];
  for (const operation of context.document.operations.filter((one) => one.path !== '/metrics')) {
    for (const make of callsOf(operation)) {
      const call = await make(context.world);
      faults.push(...leaks(operation, { ...call, sent: theirs.mcpName + theirs.secret }, await send(context.client, operation, call)));
    }
  }
  mustBeEmpty(faults, 'answers');
});

test('the bus from its beginning is this org\'s only', async () => {
  const all = await context.client.all('/api/messages?limit=500');
  const answer = await context.client.stream('GET', '/api/messages/stream', {
    headers: { 'Last-Event-ID': '0' },
    enough: (text) => text.includes(all[0].id),
  });
  assert.ok(!answer.text.includes(mark));
  for (const one of all) assert.ok(answer.text.includes(one.id), one.id);
});

test('an idempotency key of one org is free in the other', async () => {
  const headers = { 'Idempotency-Key': 'the-same-key' };
  const first = await other.ask('POST', '/api/epics', { body: { name: `${mark} epic`, type: 'ops' }, headers });
  const second = await context.client.ask('POST', '/api/epics', { body: { name: 'Ours', type: 'ops' }, headers });
  assert.equal(first.status, 201);
  assert.equal(second.status, 201);
  assert.notEqual(second.headers['idempotency-replayed'], 'true');
  assert.ok(!second.text.includes(mark));
});

test('each org counts its own usage, and knows its own name', async () => {
  const [ours, them] = [await context.client.must('GET', '/api/usage'), await other.must('GET', '/api/usage')];
  const agents = (usage) => usage.by_agent.map((one) => one.agent);
  assert.ok(agents(them).includes(theirs.agt));
  assert.ok(!agents(ours).includes(theirs.agt));
  assert.equal((await other.must('GET', '/api/me')).org.name, `${mark} Ltd`);
  assert.notEqual((await context.client.must('GET', '/api/me')).org.name, `${mark} Ltd`);
});
