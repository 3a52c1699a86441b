// The real program as a child process: `flotilla serve` on a directory of the test's own, on a port that the system
// chooses. Whatever happens, the child ends with us: it is ended by its own process id, and where we are killed the
// kernel kills it (setpriv is in util-linux).
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const program = process.env.FLOTILLA_PROGRAM;
if (!program) throw new Error('FLOTILLA_PROGRAM must name the flotilla program; ctest sets it.');

/** The admin token of every server that a test starts. */
export const adminToken = 'fr_live_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

const startPatienceMs = 30_000;
const endPatienceMs = 15_000;
const mostKeptOutput = 64 * 1024; // characters, of each stream
const running = new Set();

process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A directory that is removed when the test process ends. */
export function scratchDirectory() {
  const directory = mkdtempSync(join(tmpdir(), 'flotilla-conformance-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Nothing of our own environment but what a process needs. */
function environment(more) {
  const kept = ['PATH', 'TMPDIR', 'LD_LIBRARY_PATH', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS'];
  const found = kept.filter((name) => process.env[name]).map((name) => [name, process.env[name]]);
  return { ...Object.fromEntries(found), ...more };
}

/** Runs a command of the program that ends by itself; throws where it does not end with 0. Answers its stdout. */
export function runProgram(...words) {
  const ended = spawnSync(program, words, { env: environment({}), encoding: 'utf8', timeout: startPatienceMs });
  if (ended.error) throw ended.error;
  if (ended.status !== 0) throw new Error(`flotilla ${words.join(' ')} ended with ${ended.status}:\n${ended.stderr}`);
  return ended.stdout;
}

/**
 * Starts a server and waits until it serves. `settings` are options of `flotilla serve` without their dashes (undefined
 * leaves one at its default); `data` is a directory that is used again, where there is one.
 */
export async function startServer({ settings = {}, variables = {}, data = scratchDirectory() } = {}) {
  const options = { data, listen: '127.0.0.1:0', 'rate-limit': 0, 'log-level': 'warn', 'backup-dir': scratchDirectory(), ...settings };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const words = given.map(([name, value]) => `--${name}=${value}`);
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, 'serve', ...words], {
    env: environment({ FLOTILLA_BOOTSTRAP_TOKEN: adminToken, ...variables }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  for (const one of [child, child.stdout, child.stderr]) one.unref(); // a test that has failed need not wait for it
  const server = { data, child, out: '', err: '', ended: undefined };
  child.stdout.on('data', (text) => (server.out = (server.out + text).slice(-mostKeptOutput)));
  child.stderr.on('data', (text) => (server.err = (server.err + text).slice(-mostKeptOutput)));
  const end = new Promise((resolve) => {
    child.on('error', (problem) => (server.err += problem.message));
    child.on('close', (code, signal) => {
      running.delete(child);
      server.ended = { code, signal };
      resolve(server.ended);
    });
  });
  server.port = await portOf(server, end);
  server.url = `http://127.0.0.1:${server.port}`;
  server.signal = (name) => child.kill(name);
  server.stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), endPatienceMs);
    const how = await end;
    clearTimeout(timer);
    return how;
  };
  return server;
}

/** Waits for the line that says where the server listens. */
function portOf(server, end) {
  return new Promise((resolve, reject) => {
    const giveUp = (why) => reject(new Error(`${why}; the server said:\n${server.out}${server.err}`));
    const timer = setTimeout(() => giveUp('the server does not start'), startPatienceMs);
    const look = () => {
      const found = /is serving on http:\/\/\S+:(\d+)\n/.exec(server.out);
      if (!found) return;
      clearTimeout(timer);
      resolve(Number(found[1]));
    };
    server.child.stdout.on('data', look);
    end.then(() => {
      clearTimeout(timer);
      giveUp('the server ended');
    });
  });
}
