// A client that shows what the server sent: status, header fields and bytes, nothing smoothed over. A request that is
// not answered in time is an error: nothing may hang.
import http from 'node:http';
import net from 'node:net';

import { adminToken } from './server.mjs';

const answerPatienceMs = 15_000;

/** The body of a request as bytes: buffers and texts as they are, everything else as JSON. */
function bytesOf(body) {
  if (body === undefined) return undefined;
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** What was answered; `json` is undefined where the text is not JSON. */
function answerOf(incoming, bytes) {
  const answer = { status: incoming.statusCode, headers: incoming.headers, bytes, text: bytes.toString('utf8') };
  try {
    answer.json = JSON.parse(answer.text);
  } catch {
    answer.json = undefined;
  }
  return answer;
}

let lastLoopback = 1;
/** An address of this machine that no request has come from yet: what is limited by address does not add up. */
export function freshAddress() {
  lastLoopback += 1;
  return `127.0.${1 + (lastLoopback >> 8)}.${lastLoopback & 255}`;
}

export class Client {
  constructor(port, token = adminToken) {
    this.port = port;
    this.token = token;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  }

  /** The same server with another token; null for none. */
  as(token) {
    return new Client(this.port, token);
  }

  close() {
    this.agent.destroy();
  }

  #request(method, path, { body, headers = {}, from } = {}) {
    const bytes = bytesOf(body);
    const all = { ...headers };
    if (this.token) all.Authorization ??= `Bearer ${this.token}`;
    if (bytes) {
      all['Content-Type'] ??= 'application/json';
      all['Content-Length'] ??= bytes.length;
    }
    for (const name of Object.keys(all)) if (all[name] === null) delete all[name];
    const agent = from ? undefined : this.agent;
    const request = http.request({ host: '127.0.0.1', port: this.port, method, path, headers: all, agent, localAddress: from });
    request.end(bytes);
    return request;
  }

  /** One request and its whole answer. `headers` of null are left out. */
  ask(method, path, options = {}) {
    return new Promise((resolve, reject) => {
      const request = this.#request(method, path, options);
      const name = `${method} ${path.slice(0, 200)}`;
      const timer = setTimeout(() => request.destroy(new Error(`${name}: not answered in time`)), answerPatienceMs);
      const fail = (problem) => {
        clearTimeout(timer);
        reject(new Error(`${name}: ${problem.message}`));
      };
      request.on('error', fail);
      request.on('response', (incoming) => {
        const pieces = [];
        incoming.on('data', (piece) => pieces.push(piece));
        incoming.on('error', fail);
        incoming.on('end', () => {
          clearTimeout(timer);
          resolve(answerOf(incoming, Buffer.concat(pieces)));
        });
      });
    });
  }

  /**
   * One request whose answer may be an event stream: reads until it ends by itself or `enough(text so far)` holds,
   * then closes. `whole` says whether the server ended it regularly: neither we nor it cut it.
   */
  stream(method, path, { enough = () => false, ...options } = {}) {
    return new Promise((resolve, reject) => {
      const request = this.#request(method, path, options);
      const pieces = [];
      let incoming;
      const finish = (whole) => {
        clearTimeout(timer);
        resolve({ ...answerOf(incoming, Buffer.concat(pieces)), whole });
      };
      const timer = setTimeout(() => {
        request.destroy();
        const text = Buffer.concat(pieces).toString().slice(-500);
        reject(new Error(`${method} ${path}: the stream does not come to its end; so far: ${text}`));
      }, answerPatienceMs);
      request.on('error', (problem) => {
        clearTimeout(timer);
        reject(problem);
      });
      request.on('response', (response) => {
        incoming = response;
        if (enough('')) {
          request.destroy();
          return finish(false);
        }
        incoming.on('data', (piece) => {
          pieces.push(piece);
          if (!enough(Buffer.concat(pieces).toString())) return;
          request.destroy();
          finish(false);
        });
        incoming.on('error', () => {}); // it is closed then
        incoming.on('close', () => finish(incoming.complete));
      });
    });
  }

  /** What must succeed: its JSON. */
  async must(method, path, body) {
    const answer = await this.ask(method, path, { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  }

  /** Every item of a list, over all its pages. */
  async all(path) {
    const items = [];
    for (let next = path; next; ) {
      const answer = await this.ask('GET', next);
      if (answer.status !== 200) throw new Error(`GET ${next}: ${answer.status} ${answer.text}`);
      items.push(...answer.json);
      next = /<([^>]*)>; rel="next"/.exec(answer.headers.link ?? '')?.[1];
    }
    return items;
  }

  /** Sends bytes that no HTTP library would send, and reads until the server closes: the answer's text. */
  raw(bytes) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.port, '127.0.0.1', () => socket.write(bytes));
      let text = '';
      socket.setTimeout(answerPatienceMs, () => socket.destroy(new Error('a raw request is not answered in time')));
      socket.on('data', (piece) => (text += piece.toString('latin1')));
      socket.on('error', (problem) => (text ? resolve(text) : reject(problem)));
      socket.on('end', () => socket.end());
      socket.on('close', () => resolve(text));
    });
  }
}
