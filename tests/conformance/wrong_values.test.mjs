// Every operation is sent every kind of wrong value for each of its fields, parameters and ids, made from the document.
// Each is answered 4xx in the error shape, naming the field, and nothing in the store has changed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { callsOf } from './lib/calls.mjs';
import { freshAddress } from './lib/client.mjs';
import { mustBeEmpty, openContext, send } from './lib/context.mjs';
import { fillPath, target, unknownIds } from './lib/document.mjs';
import { errorShapeFaults, Validator } from './lib/validator.mjs';
import { changedCollections, everythingOf } from './lib/world.mjs';
import { bodyWith, bodyWithout, wrongFieldValues, wrongTexts } from './lib/wrong_calls.mjs';
import { formsOf, typesOf, wrongPathIds } from './lib/wrong_values.mjs';

const fewestWrongValues = 1500; // fewer: the document has lost its fields

let context;
let tried = 0;
before(async () => {
  context = await openContext();
  context.validator = new Validator(context.document);
});
after(() => context?.close());

/** What is wrong with the answer to a wrong request. */
function faultsOf(operation, answer, what, { field, allowed = [400] }) {
  tried += 1;
  const faults = [...context.validator.answerFaults(operation, answer), ...errorShapeFaults(answer)];
  if (!allowed.includes(answer.status)) faults.push(`is answered ${answer.status}: ${answer.text.slice(0, 200)}`);
  const error = answer.json?.error ?? '';
  if (field && answer.status === 400 && !error.includes(field)) faults.push(`the error does not name ${field}: ${error}`);
  return faults.map((fault) => `${operation.name}, ${what}: ${fault}`);
}

/** Does something between two looks at everything; what it answers are faults, and so is a change. */
async function unchanged(what, send) {
  const before = await everythingOf(context.client);
  const faults = await send();
  const changed = changedCollections(before, await everythingOf(context.client));
  return changed.length === 0 ? faults : [...faults, `${what}: has changed ${changed.join(', ')}`];
}

/** Runs a check on every operation that it is for, and says all faults at once. */
async function forEach(wanted, check) {
  const faults = [];
  for (const operation of context.document.operations.filter(wanted)) {
    try {
      const call = await callsOf(operation)[0](context.world);
      faults.push(...(await check(operation, call)));
    } catch (problem) {
      faults.push(`${operation.name}: ${problem.message}`);
    }
  }
  mustBeEmpty(faults, 'wrong requests');
}

const fieldsOf = (operation) => Object.keys(operation.body?.schema.properties ?? {});

describe('what the document says of its fields', () => {
  test('each has its bounds, so that there are values beyond them', () => {
    const faults = [];
    const look = (what, schema) => {
      for (const form of formsOf(schema, context.document)) {
        const types = typesOf([form]);
        if (types.has('string') && !form.enum && !form.const && form.maxLength === undefined && !form.pattern && !form.format) {
          faults.push(`${what}: a string without maxLength, pattern, format or enum`);
        }
        if (types.has('integer') && (form.minimum === undefined || form.maximum === undefined)) {
          faults.push(`${what}: an integer without minimum and maximum`);
        }
        if (types.has('array')) {
          if (form.maxItems === undefined) faults.push(`${what}: an array without maxItems`);
          look(`${what}[]`, form.items ?? {});
        }
        for (const [key, inner] of Object.entries(form.properties ?? {})) look(`${what}.${key}`, inner);
      }
    };
    for (const operation of context.document.operations) {
      if (operation.body) look(operation.name, operation.body.schema);
      for (const one of operation.query) look(`${operation.name}?${one.name}`, one.schema);
    }
    mustBeEmpty(faults, 'the document');
  });
});

describe('fields of bodies', () => {
  test('a required one that is missing', () =>
    forEach((one) => one.body, (operation, call) =>
      unchanged(operation.name, async () => {
        const faults = [];
        for (const field of operation.body.schema.required ?? []) {
          const answer = await send(context.client, operation, { ...call, body: bodyWithout(call.body, field) });
          faults.push(...faultsOf(operation, answer, `without ${field}`, { field }));
        }
        return faults;
      }),
    ));

  test('none, or more than one, of those of which exactly one must be there', () =>
    forEach((one) => one.body?.schema.oneOf, (operation, call) =>
      unchanged(operation.name, async () => {
        const faults = [];
        const named = operation.body.schema.oneOf.map((one) => one.required[0]);
        const none = named.reduce(bodyWithout, call.body);
        const given = call.body[named.find((field) => field in call.body)];
        const all = { ...none, ...Object.fromEntries(named.map((field) => [field, given])) };
        for (const [what, body] of [['none of them', none], ['all of them', all]]) {
          const answer = await send(context.client, operation, { ...call, body });
          for (const field of named) faults.push(...faultsOf(operation, answer, what, { field }));
        }
        return faults;
      }),
    ));

  test('each with every kind of wrong value', () =>
    forEach((one) => one.body, async (operation, call) => {
      const faults = [];
      for (const field of fieldsOf(operation)) {
        faults.push(...(await unchanged(`${operation.name} ${field}`, () => sendWrong(operation, call, field))));
      }
      return faults;
    }));

  async function sendWrong(operation, call, field) {
    const faults = [];
    for (const { what, json, names } of wrongFieldValues(operation, field, context)) {
      const answer = await send(context.client, operation, { ...call, body: bodyWith(call.body, field, json) });
      const allowed = what.startsWith('an id of nothing') ? [400, 404] : [400];
      faults.push(...faultsOf(operation, answer, `${field} ${what}`, { field: names ? field : undefined, allowed }));
    }
    return faults;
  }
});

describe('values at their bounds', () => {
  // Held to more than a length: by a grammar, by what there is, or by another field.
  const heldByMore = ['glyph', 'transport', 'command', 'args', 'url', 'headers', 'callId', 'mcps', 'scope', 'to'];
  const isAlternative = (operation, field) => operation.body.schema.oneOf?.some((form) => form.required.includes(field));

  test('the longest texts and the least and greatest numbers that the document allows are taken', () =>
    forEach((one) => one.body && one.method === 'POST' && !one.isStream, async (operation) => {
      const faults = [];
      for (const field of fieldsOf(operation).filter((one) => !heldByMore.includes(one) && !isAlternative(operation, one))) {
        for (const value of boundsOf(operation.body.schema.properties[field])) {
          const call = await callsOf(operation)[0](context.world);
          const answer = await send(context.client, operation, { ...call, body: { ...call.body, [field]: value } });
          const what = `${field} of ${typeof value === 'string' ? `${value.length} characters` : JSON.stringify(value).slice(0, 40)}`;
          if (answer.status !== operation.success) faults.push(`${operation.name}, ${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
        }
      }
      return faults;
    }));

  function boundsOf(schema) {
    return formsOf(schema, context.document).flatMap((form) => {
      const types = typesOf([form]);
      if (form.enum) return form.enum;
      if (types.has('integer')) return [form.minimum, form.maximum];
      if (types.has('string') && form.maxLength) return [unique(form.maxLength)];
      if (form['x-max-bytes']) return [{}, { title: 'A'.repeat(form['x-max-bytes'] - '{"title":""}'.length) }];
      if (types.has('array')) return [[], Array(form.maxItems).fill('A')];
      return [];
    });
  }

  let made = 0;
  /** A text of this length that was not there before: names can be unique. */
  const unique = (length) => `A${(made += 1)}`.padEnd(length, 'A');
});

describe('query parameters', () => {
  test('each with every kind of wrong text', () =>
    forEach((one) => one.query.length > 0, async (operation, call) => {
      const faults = [];
      for (const parameter of operation.query) {
        faults.push(...(await unchanged(`${operation.name} ${parameter.name}`, () => sendWrong(operation, call, parameter))));
      }
      return faults;
    }));

  async function sendWrong(operation, call, parameter) {
    const faults = [];
    const { [parameter.name]: left, ...others } = call.query ?? {};
    const base = target(operation, { ...call, query: others });
    for (const { what, text, names } of wrongTexts(parameter, context)) {
      const path = `${base}${base.includes('?') ? '&' : '?'}${parameter.name}=${text}`;
      const answer = await context.client.stream(operation.method, path, { enough: () => true, body: call.body });
      const whole = answer.status === 200 ? answer : await context.client.ask(operation.method, path, { body: call.body });
      faults.push(...faultsOf(operation, whole, `?${parameter.name} ${what}`, { field: names ? parameter.name : undefined }));
    }
    return faults;
  }

  test('a required one that is missing', () =>
    forEach((one) => one.query.some((parameter) => parameter.required), (operation, call) =>
      unchanged(operation.name, async () => {
        const answer = await send(context.client, operation, { ...call, query: {}, body: {} });
        return faultsOf(operation, answer, 'without parameters', { field: operation.query.find((one) => one.required).name });
      }),
    ));

  test('each in a body instead, with every wrong type', () =>
    forEach((one) => !one.body && one.query.length > 0, (operation, call) =>
      unchanged(operation.name, async () => {
        const faults = [];
        for (const { name } of operation.query) {
          for (const wrong of [true, [], {}, 1.5, '\u0001']) {
            const { [name]: left, ...query } = call.query ?? {};
            const answer = await send(context.client, operation, { ...call, query, body: { ...call.body, [name]: wrong } });
            faults.push(...faultsOf(operation, answer, `${name}: ${JSON.stringify(wrong)} in a body`, { field: name }));
          }
        }
        return faults;
      }),
    ));
});

describe('ids in paths', () => {
  test('each with what is no id, or one of another kind', () =>
    forEach((one) => one.pathParameters.length > 0, (operation, call) =>
      unchanged(operation.name, async () => {
        const faults = [];
        for (const text of wrongPathIds) {
          const path = operation.path.replace(/\{\w+\}/, text);
          const answer = await context.client.ask(operation.method, path, { body: call.body });
          const what = `${text.slice(0, 40)} in the path`;
          // '..' and the like can make it the path of something else, which does not have the method.
          if (![404, 405].includes(answer.status)) faults.push(`${operation.name}, ${what}: ${answer.status} ${answer.text}`);
          faults.push(...errorShapeFaults(answer).map((fault) => `${operation.name}, ${what}: ${fault}`));
        }
        return faults;
      }),
    ));
});

describe('bodies as a whole', () => {
  const broken = ['not JSON', '{"name":', '[]', '"text"', '1', 'null', 'true', '{} {}', '{"a":1,}', "{'a':1}", '{"a":NaN}', '\0'];
  const deep = '{"a":'.repeat(500) + '1' + '}'.repeat(500);

  test('what is no JSON object, or is too deep', () =>
    forEach((one) => one.body, (operation, call) =>
      unchanged(operation.name, async () => {
        const faults = [];
        for (const body of [...broken, deep, Buffer.from([0xff, 0xfe, 0x7b, 0x00])]) {
          const answer = await send(context.client, operation, { ...call, body });
          faults.push(...faultsOf(operation, answer, `the body ${String(body).slice(0, 20)}`, {}));
        }
        if (operation.body.required) {
          for (const body of ['', undefined]) {
            const answer = await send(context.client, operation, { ...call, body });
            faults.push(...faultsOf(operation, answer, 'an empty body', {}));
          }
        }
        return faults;
      }),
    ));

  test('a repeated key counts as its last', () =>
    forEach((one) => fieldsOf(one).length > 0, (operation, call) =>
      unchanged(operation.name, async () => {
        const [field] = fieldsOf(operation);
        const body = `${JSON.stringify({ [field]: 'text', ...call.body }).slice(0, -1)},"${field}":{"no":"such type"}}`;
        const answer = await send(context.client, operation, { ...call, body });
        return faultsOf(operation, answer, `${field} twice`, { field });
      }),
    ));

  test('one that is far too large', () =>
    forEach((one) => one.body, (operation, call) =>
      unchanged(operation.name, async () => {
        const body = { ...call.body, something: 'A'.repeat(2 << 20) };
        return faultsOf(operation, await send(context.client, operation, { ...call, body }), 'huge', { allowed: [413] });
      }),
    ));

  test('a flood is cut off', async () => {
    const head = 'POST /api/agents HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n';
    assert.match(await context.client.raw(head), /^$|^HTTP\/1.1 413 /);
    assert.equal((await context.client.ask('GET', '/healthz')).status, 200, 'the server lives');
  });
});

describe('header fields', () => {
  test('Idempotency-Key: empty, too long, not visible ASCII', () =>
    forEach((one) => one.method === 'POST', (operation, call) =>
      unchanged(operation.name, async () => {
        const faults = [];
        for (const key of ['', 'k'.repeat(256), 'two words', 'caf\xe9']) {
          const answer = await send(context.client, operation, { ...call, headers: { 'Idempotency-Key': key } });
          faults.push(...faultsOf(operation, answer, `the key '${key.slice(0, 20)}'`, { field: 'Idempotency-Key' }));
        }
        return faults;
      }),
    ));

  test('Last-Event-ID: no position', () =>
    forEach((one) => one.method === 'GET' && one.isStream, async (operation, call) => {
      const faults = [];
      for (const id of ['x', '-1', '1.5', '99999999999999999999999']) {
        const answer = await send(context.client, operation, { ...call, headers: { 'Last-Event-ID': id } });
        faults.push(...faultsOf(operation, answer, `Last-Event-ID ${id}`, { field: 'Last-Event-ID' }));
      }
      return faults;
    }));

  test('Authorization: what is no bearer token', async () => {
    const valid = context.client.token;
    const wrong = ['Bearer', 'Bearer ', valid, `Basic ${valid}`, `Bearer ${valid}x`, `Bearer ${valid} x`, `Bearer ${valid.slice(0, -1)}`];
    for (const Authorization of wrong) {
      const answer = await context.client.as(null).ask('GET', '/api/me', { headers: { Authorization }, from: freshAddress() });
      assert.equal(answer.status, 401, Authorization);
      assert.deepEqual(errorShapeFaults(answer), [], Authorization);
    }
  });

  test('more and larger ones than are taken', async () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`X-Many-${at}`, '1']));
    for (const headers of [many, { 'X-Large': 'x'.repeat(17 << 10) }]) {
      const answer = await context.client.ask('GET', '/api/me', { headers });
      assert.equal(answer.status, 431);
      assert.deepEqual(errorShapeFaults(answer), []);
    }
  });
});

describe('where there is nothing', () => {
  test('paths that there are not', async () => {
    const paths = ['/api', '/api/', '/api/nothing', '/api/agents/', '/api//agents', '/API/agents', '/api/agents/x/y', '/api/tasks/x/none', '/%00', '/api/%2e%2e', '/favicon.ico', '/.git/config', '/api/agents%2f'];
    for (const path of paths) {
      const answer = await context.client.ask('GET', path);
      assert.equal(answer.status, 404, path);
      assert.deepEqual(errorShapeFaults(answer), [], path);
    }
  });

  test('methods that a path does not have', async () => {
    const { operations } = context.document;
    const matches = (template, path) => new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
    for (const template of new Set(operations.map((one) => one.path))) {
      const path = fillPath(template, unknownIds(operations.find((one) => one.path === template)));
      // "tree" could be an id: what an agent's path has, the tree's has.
      const has = operations.filter((one) => matches(one.path, path)).map((one) => one.method);
      for (const method of ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'].filter((one) => !has.includes(one))) {
        const answer = await context.client.ask(method, path, { body: method === 'GET' ? undefined : '{}' });
        assert.equal(answer.status, 405, `${method} ${path}`);
        assert.deepEqual(errorShapeFaults(answer), [], `${method} ${path}`);
        for (const one of has) assert.ok(answer.headers.allow.split(', ').includes(one), `${path} allows ${answer.headers.allow}`);
      }
    }
  });

  test('what is no HTTP', async () => {
    const requests = ['nonsense\r\n\r\n', 'GET\r\n\r\n', 'GET / HTTP/1.1\r\nno colon\r\n\r\n', 'BREW /api/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'POST /api/agents HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\nConnection: close\r\n\r\n', 'POST /api/agents HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n'];
    for (const request of requests) {
      const text = await context.client.raw(request);
      assert.ok(text === '' || /^HTTP\/1\.1 4\d\d /.test(text), `${request}: ${text.slice(0, 200)}`);
    }
    assert.equal((await context.client.ask('GET', '/healthz')).status, 200, 'the server lives');
  });
});

test('there were as many wrong values as the document has fields for', () => {
  assert.ok(tried >= fewestWrongValues, `${tried} wrong values`);
});
