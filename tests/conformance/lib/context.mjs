// What most tests begin with: a server, the document that it serves, a client and a world.
import { Client } from './client.mjs';
import { ApiDocument, target } from './document.mjs';
import { readStream } from './sse.mjs';
import { startServer } from './server.mjs';
import { World } from './world.mjs';

export async function openContext(options) {
  const server = await startServer(options);
  const client = new Client(server.port);
  const document = await ApiDocument.read(client);
  return {
    server,
    client,
    document,
    world: new World(client),
    async close() {
      client.close();
      return server.stop();
    },
  };
}

/** Makes a call; a stream is read to its end, or for as many events as the call says. */
export function send(client, operation, call) {
  const options = { body: call.body, headers: { ...call.headers }, from: call.from };
  if (!operation.isStream) return client.ask(operation.method, target(operation, call), options);
  const wanted = call.events ?? Infinity;
  const enough = (text) => readStream(text).entries.length >= wanted;
  return client.stream(operation.method, target(operation, call), { ...options, enough });
}

/** Says all faults at once, each on a line. */
export function mustBeEmpty(faults, of) {
  if (faults.length === 0) return;
  const shown = faults.slice(0, 40).join('\n  ');
  throw new Error(`${of}: ${faults.length} faults\n  ${shown}`);
}
