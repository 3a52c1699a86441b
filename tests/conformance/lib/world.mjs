// A fleet in which every kind of thing is to be found, made through the API like any other.
import { readStream } from './sse.mjs';

/** Stands in the value of every secret, and so in no answer. */
export const planted = 'a planted value';

let last = 0;
const fresh = () => `${process.pid}-${(last += 1)}`;

export class World {
  /** `mark` stands in every name and text that is made: so it can be looked for where it must not be. */
  constructor(client, mark = 'Conformance') {
    this.client = client;
    this.mark = mark;
  }

  name(noun) {
    return `${this.mark} ${noun} ${fresh()}`;
  }
  key() {
    return `${this.mark.toUpperCase().replace(/\W/g, '_')}_${fresh().replace('-', '_')}`;
  }

  agentFields(more = {}) {
    return { name: this.name('agent'), role: `You help ${this.mark}.`, model: 'rehearsal-1', provider: 'rehearsal', glyph: '🦊', ...more };
  }
  agent(more) {
    return this.client.must('POST', '/api/agents', this.agentFields(more));
  }

  async taskFields(more = {}) {
    const assignee = more.assignee ?? (await this.agent()).id;
    return { title: this.name('task'), input: `@say from ${this.mark}`, assignee, ...more };
  }
  async task(more) {
    return this.client.must('POST', '/api/tasks', await this.taskFields(more));
  }

  /** Runs a task to where its stream ends; the task as it stands then. */
  async run(task) {
    const answer = await this.client.stream('POST', '/api/run', { body: { taskId: task.id } });
    const last = readStream(answer.text).entries.at(-1)?.data;
    if (answer.status !== 200 || last?.type !== 'status') throw new Error(`the run of ${task.id}: ${answer.text}`);
    return this.client.must('GET', `/api/tasks/${task.id}`);
  }
  async doneTask(more) {
    return this.run(await this.task(more));
  }
  async failedTask() {
    return this.run(await this.task({ input: '@fail 400 times 1000 rehearsed' }));
  }
  /** A task that waits for a human's word. */
  async waitingTask() {
    const agent = await this.agent({ approvals: ['rehearse_*'] });
    const task = await this.task({ assignee: agent.id, input: '@tool rehearse_echo {"text": "hello"}\n@say done' });
    const waiting = await this.run(task);
    if (waiting.status !== 'waiting') throw new Error(`the task does not wait: ${waiting.status}`);
    return waiting;
  }

  epicFields(more = {}) {
    return { name: this.name('epic'), type: 'feature', ...more };
  }
  epic(more) {
    return this.client.must('POST', '/api/epics', this.epicFields(more));
  }

  mcpFields(more = {}) {
    return { name: `${this.mark}-${fresh()}`, transport: 'http', url: 'https://tools.example.com/mcp', ...more };
  }
  mcp(more) {
    return this.client.must('POST', '/api/mcps', this.mcpFields(more));
  }

  secretFields(more = {}) {
    return { key: this.key(), value: `${planted} of ${this.mark} ${fresh()}`, ...more };
  }
  /** Puts a secret; answers what it was made of, with its value. */
  async secret(more) {
    const fields = this.secretFields(more);
    await this.client.must('POST', '/api/secrets', fields);
    return fields;
  }

  token(role = 'viewer') {
    return this.client.must('POST', '/api/tokens', { name: this.name('token'), role });
  }

  message(to) {
    return this.client.must('POST', '/api/messages', { to, text: this.name('message') });
  }
}

// Every collection of an org. A token's last use moves by being asked about.
const collections = ['agents', 'tasks', 'messages', 'epics', 'mcps', 'secrets?scope=org', 'secrets?scope=agent', 'tokens'];

/** Everything that an org holds, as one text for each collection. */
export async function everythingOf(client) {
  const found = {};
  for (const name of collections) {
    const items = await client.all(`/api/${name}${name.includes('?') ? '&' : '?'}limit=500`);
    found[name] = JSON.stringify(items, (key, value) => (key === 'lastUsedAt' ? undefined : value));
  }
  found.usage = JSON.stringify(await client.must('GET', '/api/usage'));
  found.tree = JSON.stringify(await client.must('GET', '/api/agents/tree'));
  return found;
}

/** The names of the collections that differ. */
export function changedCollections(before, after) {
  return Object.keys(before).filter((name) => before[name] !== after[name]);
}
