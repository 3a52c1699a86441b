// The document that the server serves passes a public linter: the engine of `redocly lint`, with its recommended rules,
// none switched off. A warning fails as well, but for the ones listed here.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import openapi from '@redocly/openapi-core';

import { openContext } from './lib/context.mjs';

// A path that does not have a method is answered 405: no operation can name that answer, and it is described all the same.
const accepted = ['warn no-unused-components: Component: "MethodNotAllowed" is never used. (#/components/responses/MethodNotAllowed)'];

async function problemsOf(document) {
  const config = await openapi.createConfig({ extends: ['recommended'] });
  const problems = await openapi.lintFromString({ source: JSON.stringify(document, null, 1), absoluteRef: '/openapi.json', config });
  return problems.map((one) => `${one.severity} ${one.ruleId}: ${one.message} (${one.location[0]?.pointer})`);
}

test('the linter finds nothing in the document that is served', async () => {
  const context = await openContext();
  const found = await problemsOf(context.document.json);
  const answer = await context.client.as(null).ask('GET', '/api/openapi.json');
  await context.close();
  assert.deepEqual(found.filter((one) => !accepted.includes(one)), []);
  assert.equal(answer.status, 200, 'the document needs no token');
  assert.match(context.document.json.openapi, /^3\.1\./);
});

test('the linter finds what is wrong', async () => {
  const found = await problemsOf({ openapi: '3.1.0', info: { title: 'x' }, paths: { '/a/{id}': { get: { responses: {} } } } });
  assert.ok(found.some((one) => one.startsWith('error ')), 'a broken document must not pass');
});
