// docs/api.md: each operation of the document has its section with a curl line, and every line of every sh block works as
// pasted, one after the other in one shell, against the real server.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';

import { openContext } from './lib/context.mjs';
import { adminToken } from './lib/server.mjs';

const manual = readFileSync(fileURLToPath(new URL('../../docs/api.md', import.meta.url)), 'utf8');
const patienceMs = 60_000;
const streamSeconds = 2; // a stream that goes on until it is cut is read for so long

/** The sections that describe an operation: its heading "### `GET /api/agents`", and what stands below it. */
function sections() {
  const parts = manual.split(/^### /m).slice(1);
  return parts.map((part) => {
    const heading = part.slice(0, part.indexOf('\n'));
    const text = part.slice(heading.length).split(/^## /m)[0];
    return { operations: [...heading.matchAll(/`([A-Z]+ \/\S*)`/g)].map((one) => one[1]), text };
  });
}

const blocks = (text) => [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map((one) => one[1]);

let context;
before(async () => (context = await openContext()));
after(() => context?.close());

test('each operation of the document has its section with a curl line', () => {
  const described = sections();
  for (const { name } of context.document.operations) {
    const found = described.find((one) => one.operations.includes(name));
    assert.ok(found, `docs/api.md has no section of ${name}`);
    assert.ok(blocks(found.text).some((block) => /\bcurl\b/.test(block)), `the section of ${name} has no curl line`);
  }
});

test('each section is of an operation of the document', () => {
  const names = context.document.operations.map((one) => one.name);
  for (const name of sections().flatMap((one) => one.operations)) assert.ok(names.includes(name), name);
});

// Stands before the real curl: an answer that is an error ends the script with its text, and what goes on until it is
// cut (marked by the manual's own words) is cut.
const wrapper = (directory) => `#!/bin/bash
status=0
if [[ -n "\${UNTIL_CUT:-}" ]]; then set -- --max-time ${streamSeconds} "$@"; fi
PATH="$REAL_PATH" curl --fail-with-body --max-time 20 "$@" || status=$?
if [[ -n "\${UNTIL_CUT:-}" && $status == 28 ]]; then status=0; fi
echo "$status" >> '${directory}/statuses'
exit $status
`;

/** The script of all blocks; a line that the manual marks as going on until it is cut is told so by a variable. */
function scriptOf(directory) {
  const lines = blocks(manual).join('\n').replace(/^(.*curl.*)(# until you cut it)$/gm, 'UNTIL_CUT=1 $1');
  return `set -euo pipefail\nexport FLOTILLA='${context.server.url}' TOKEN='${adminToken}'\n${withoutSettings(lines)}\necho "the end is reached" >> '${directory}/end'\n`;
}

/** The manual's own lines that say where the server is and which token: ours are others. */
const withoutSettings = (text) => text.replace(/^(export )?(FLOTILLA|TOKEN)=.*$/gm, '');

test('every line works as pasted, in the manual\'s order', () => {
  const directory = mkdtempSync(join(tmpdir(), 'flotilla-manual-'));
  try {
    writeFileSync(join(directory, 'curl'), wrapper(directory), { mode: 0o755 });
    writeFileSync(join(directory, 'script'), scriptOf(directory));
    const env = { PATH: `${directory}:${process.env.PATH}`, REAL_PATH: process.env.PATH, HOME: directory };
    const ended = spawnSync('bash', ['-x', 'script'], { cwd: directory, env, encoding: 'utf8', timeout: patienceMs });
    const shown = `${ended.stdout.slice(-1000)}\n${ended.stderr.slice(-3000)}`;
    assert.equal(ended.status, 0, `${ended.error ?? ''}\n${shown}`);
    assert.match(readFileSync(join(directory, 'end'), 'utf8'), /the end is reached/);
    const statuses = readFileSync(join(directory, 'statuses'), 'utf8').trim().split('\n');
    assert.deepEqual(statuses.filter((one) => one !== '0'), [], shown);
    const curls = blocks(manual).join('\n').match(/\bcurl\b/g).length;
    assert.ok(statuses.length >= curls - 2, `${statuses.length} of ${curls} curl lines have run`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
