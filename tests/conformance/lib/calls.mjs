// Valid calls of every operation of the document: the first of each is the plainest, the others use all of its fields.
//
// A call makes what it needs in the world that it is given, and answers { path, query, body, headers, events }: the ids
// in the path, and for a stream that never ends by itself how many of its events are waited for.

const plain = async () => ({});
const thirtyMinutesAgo = () => new Date(Date.now() - 30 * 60_000).toISOString();
const inAnHour = () => new Date(Date.now() + 60 * 60_000).toISOString();

export const calls = {
  'GET /': [plain],
  'GET /healthz': [plain],
  'GET /readyz': [plain],
  'GET /metrics': [plain],
  'GET /api/openapi.json': [plain],
  'GET /api/me': [plain],

  'GET /api/agents': [
    plain,
    async (world) => {
      const { team } = await world.agent({ team: world.name('team') });
      return { query: { team } };
    },
    async () => ({ query: { limit: 1 } }),
    async () => ({ query: { status: 'archived', limit: 500 } }),
  ],
  'POST /api/agents': [
    async (world) => ({ body: world.agentFields() }),
    async (world) => ({
      body: world.agentFields({
        manager: (await world.agent()).id,
        team: world.name('team'),
        mcps: [(await world.mcp()).name],
        approvals: ['rehearse_*'],
        maxTurns: 7,
        budget: { tokens: 1000, period: 'week' },
        memoryTokens: 0,
      }),
      headers: { 'Idempotency-Key': world.name('key').replaceAll(' ', '-') },
    }),
    async (world) => ({ body: world.agentFields({ manager: null, team: null, budget: null, unknownField: 1 }) }),
  ],
  'GET /api/agents/tree': [
    async (world) => {
      const chief = await world.agent();
      await world.agent({ manager: chief.id });
      return { query: { root: chief.id } };
    },
    plain,
  ],
  'GET /api/agents/{id}': [async (world) => ({ path: { id: (await world.agent()).id } })],
  'PATCH /api/agents/{id}': [
    async (world) => ({ path: { id: (await world.agent()).id }, body: { name: world.name('agent') } }),
    async (world) => ({
      path: { id: (await world.agent()).id },
      body: world.agentFields({
        status: 'paused',
        manager: (await world.agent()).id,
        team: world.name('team'),
        mcps: [(await world.mcp()).name],
        approvals: ['*'],
        maxTurns: 3,
        budget: { tokens: 5, period: 'day' },
        memoryTokens: 200000,
      }),
    }),
    async (world) => ({ path: { id: (await world.agent()).id }, body: { manager: null, team: null, budget: null } }),
  ],
  'DELETE /api/agents/{id}': [
    async (world) => ({ path: { id: (await world.agent()).id } }),
    async (world) => {
      const manager = await world.agent({ manager: (await world.agent()).id });
      await world.agent({ manager: manager.id });
      return { path: { id: manager.id } };
    },
  ],
  'GET /api/agents/{id}/memory': [
    async (world) => ({ path: { id: (await world.agent()).id } }),
    async (world) => {
      const { assignee } = await world.doneTask();
      await world.message(assignee);
      return { path: { id: assignee } };
    },
    async (world) => {
      const { assignee } = await world.doneTask();
      await world.client.must('DELETE', `/api/agents/${assignee}/memory`);
      return { path: { id: assignee } };
    },
  ],
  'DELETE /api/agents/{id}/memory': [
    async (world) => ({ path: { id: (await world.agent()).id } }),
    async (world) => ({ path: { id: (await world.doneTask()).assignee } }),
  ],

  'GET /api/tasks': [
    plain,
    async (world) => {
      const epic = await world.epic();
      const task = await world.task({ epic_id: epic.id, priority: 'high' });
      await world.task({ assignee: task.assignee, epic_id: epic.id, priority: 'high' });
      return { query: { status: 'pending', assignee: task.assignee, priority: 'high', epic_id: epic.id, limit: 1 } };
    },
  ],
  'POST /api/tasks': [
    async (world) => ({ body: await world.taskFields() }),
    async (world) => ({
      body: await world.taskFields({
        requester: (await world.agent()).id,
        outputSchema: { type: 'object', additionalProperties: { $ref: '#/$defs/count' }, $defs: { count: { type: 'integer' } } },
        priority: 'low',
        epic_id: (await world.epic()).id,
      }),
    }),
  ],
  'GET /api/tasks/{id}': [
    async (world) => ({ path: { id: (await world.task()).id } }),
    async (world) => ({ path: { id: (await world.doneTask()).id } }),
    async (world) => ({ path: { id: (await world.failedTask()).id } }),
    async (world) => ({ path: { id: (await world.waitingTask()).id } }),
  ],
  'PATCH /api/tasks/{id}': [
    async (world) => ({ path: { id: (await world.task()).id }, body: { title: world.name('task') } }),
    async (world) => ({
      path: { id: (await world.task()).id },
      body: {
        title: world.name('task'),
        input: 'Something else',
        outputSchema: { type: 'object', required: ['answer'], properties: { answer: { type: 'integer' } } },
        assignee: (await world.agent()).id,
        priority: 'high',
        epic_id: (await world.epic()).id,
      },
    }),
    async (world) => ({ path: { id: (await world.task({ outputSchema: {} })).id }, body: { outputSchema: null } }),
    async (world) => ({ path: { id: (await world.task()).id }, body: { status: 'error' } }),
    async (world) => ({ path: { id: (await world.doneTask()).id }, body: { epic_id: null } }),
  ],
  'GET /api/tasks/{id}/events': [
    async (world) => ({ path: { id: (await world.doneTask()).id } }),
    async (world) => ({ path: { id: (await world.doneTask()).id }, query: { after: 2 } }),
    async (world) => ({ path: { id: (await world.waitingTask()).id }, headers: { 'Last-Event-ID': '1' } }),
  ],
  'POST /api/tasks/{id}/approve': [
    async (world) => ({ path: { id: (await world.waitingTask()).id } }),
    async (world) => {
      const task = await world.waitingTask();
      const callId = task.log.find((event) => event.callId)?.callId;
      return { path: { id: task.id }, body: { callId, comment: `Yes, says ${world.mark}.` } };
    },
  ],
  'POST /api/tasks/{id}/reject': [
    async (world) => ({ path: { id: (await world.waitingTask()).id }, body: { comment: `No, says ${world.mark}.` } }),
    async (world) => ({ path: { id: (await world.waitingTask()).id }, body: {} }),
  ],
  'POST /api/tasks/{id}/cancel': [
    async (world) => ({ path: { id: (await world.task()).id } }),
    async (world) => ({ path: { id: (await world.waitingTask()).id }, body: {} }),
  ],
  'POST /api/run': [
    async (world) => ({ body: { taskId: (await world.task()).id } }),
    async (world) => ({ body: { taskId: (await world.doneTask()).id, restart: true } }),
    async (world) => ({ body: { taskId: (await world.doneTask()).id, restart: false } }),
    async (world) => ({ body: { taskId: (await world.failedTask()).id } }),
    async (world) => {
      const input = '@think hm\n@tool rehearse_echo {"text": "hello"}\n@tool rehearse_fail {"message": "no"}\n@result';
      return { body: { taskId: (await world.task({ input })).id } };
    },
    async (world) => {
      const input = '@say I am not sure.\n@another\n@say {"answer": 42}';
      const outputSchema = { type: 'object', required: ['answer'], properties: { answer: { type: 'integer' } } };
      return { body: { taskId: (await world.task({ input, outputSchema })).id } };
    },
  ],

  'GET /api/messages': [
    plain,
    async (world) => {
      const task = await world.doneTask();
      const query = { agent: task.assignee, type: 'task.*', task: task.id, since: thirtyMinutesAgo(), until: inAnHour(), limit: 2 };
      return { query };
    },
    async (world) => {
      const epic = await world.epic();
      await world.doneTask({ epic_id: epic.id });
      return { query: { epic_id: epic.id } };
    },
  ],
  'POST /api/messages': [
    async (world) => ({ body: { to: (await world.agent()).id, text: world.name('message') } }),
    async (world) => ({ body: { to: (await world.agent()).id, text: world.name('message'), wake: true } }),
    async (world) => {
      const { team } = await world.agent({ team: world.name('team') });
      await world.agent({ team });
      return { body: { team, text: world.name('message'), wake: false } };
    },
  ],
  'GET /api/messages/stream': [
    async (world) => {
      await world.doneTask();
      return { headers: { 'Last-Event-ID': '0' }, events: 3 };
    },
    async (world) => {
      const task = await world.doneTask();
      return { query: { task: task.id, type: 'task.*', agent: task.assignee }, headers: { 'Last-Event-ID': '0' }, events: 2 };
    },
  ],

  'GET /api/epics': [plain, async (world) => ({ query: { status: (await world.epic()).status, type: 'feature', limit: 1 } })],
  'POST /api/epics': [async (world) => ({ body: world.epicFields() }), async (world) => ({ body: world.epicFields({ type: 'ops' }) })],
  'GET /api/epics/{id}': [
    async (world) => ({ path: { id: (await world.epic()).id } }),
    async (world) => {
      const epic = await world.epic();
      await world.doneTask({ epic_id: epic.id });
      await world.task({ epic_id: epic.id });
      return { path: { id: epic.id } };
    },
  ],
  'PATCH /api/epics/{id}': [
    async (world) => ({ path: { id: (await world.epic()).id }, body: { name: world.name('epic') } }),
    async (world) => ({ path: { id: (await world.epic()).id }, body: { name: world.name('epic'), type: 'qa', status: 'done' } }),
  ],

  'GET /api/secrets': [
    async (world) => {
      await world.secret();
      return {};
    },
    async (world) => {
      const agent = (await world.agent()).id;
      await world.secret({ scope: 'agent', agentId: agent });
      await world.secret({ scope: 'agent', agentId: agent });
      return { query: { scope: 'agent', agent, limit: 1 } };
    },
  ],
  'POST /api/secrets': [
    async (world) => ({ body: world.secretFields() }),
    async (world) => ({ body: world.secretFields({ scope: 'agent', agentId: (await world.agent()).id }) }),
  ],
  'DELETE /api/secrets': [
    async (world) => ({ body: { key: (await world.secret()).key } }),
    async (world) => ({ query: { key: (await world.secret()).key, scope: 'org' } }),
    async (world) => {
      const { key, agentId } = await world.secret({ scope: 'agent', agentId: (await world.agent()).id });
      return { query: { key, scope: 'agent', agentId } };
    },
  ],

  'GET /api/mcps': [
    async (world) => {
      await world.mcp();
      return {};
    },
    async () => ({ query: { limit: 1 } }),
  ],
  'POST /api/mcps': [
    async (world) => ({ body: world.mcpFields() }),
    async (world) => {
      const { key } = await world.secret();
      const reference = '${secret:' + key + '}';
      const stdio = { transport: 'stdio', url: undefined, command: '/bin/cat', args: ['--token', reference], env: { TOKEN: reference } };
      return { body: world.mcpFields(stdio) };
    },
    async (world) => ({ body: world.mcpFields({ headers: { 'X-Token': '${secret:' + (await world.secret()).key + '}' } }) }),
  ],
  'GET /api/mcps/{id}': [async (world) => ({ path: { id: (await world.mcp()).id } })],
  'PATCH /api/mcps/{id}': [
    async (world) => ({ path: { id: (await world.mcp()).id }, body: { url: 'https://elsewhere.example.com/mcp' } }),
    async (world) => ({
      path: { id: (await world.mcp()).id },
      body: { name: world.mcpFields().name, transport: 'stdio', command: '/bin/cat', args: ['-n'], env: { A: 'b' } },
    }),
  ],
  'DELETE /api/mcps/{id}': [async (world) => ({ path: { id: (await world.mcp()).id } })],

  'GET /api/usage': [
    async (world) => {
      await world.doneTask();
      return {};
    },
    async (world) => ({ query: { period: 'day', agent: (await world.doneTask()).assignee } }),
    async () => ({ query: { period: 'week' } }),
  ],

  'GET /api/tokens': [
    async (world) => {
      await world.token();
      return {};
    },
    async () => ({ query: { limit: 1 } }),
  ],
  'POST /api/tokens': [
    async (world) => ({ body: { name: world.name('token'), role: 'viewer' } }),
    async (world) => ({ body: { name: world.name('token'), role: 'admin' } }),
  ],
  'POST /api/backup': [
    async (world) => ({ body: { to: world.name('backup').replaceAll(' ', '-') } }),
    async (world) => ({ body: { to: world.name('backup').replaceAll(' ', '-'), masterKey: false } }),
  ],
  'DELETE /api/tokens/{id}': [async (world) => ({ path: { id: (await world.token()).id } })],
};

/** The calls of an operation; a test that walks the document fails where there is none. */
export function callsOf(operation) {
  const found = calls[operation.name];
  if (!found) throw new Error(`tests/conformance/lib/calls.mjs has no call of ${operation.name}`);
  return found;
}
