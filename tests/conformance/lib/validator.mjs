// Holds answers against the document with Ajv in its strict mode, and remembers which have been seen.
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const documentId = 'https://flotilla.test/openapi.json';
// What OpenAPI 3.1 adds to JSON Schema 2020-12; none of it says what is valid.
const annotations = ['discriminator', 'xml', 'externalDocs', 'example'];
// Of the document's own top, which Ajv looks at on the way to a schema in it.
const topFields = ['openapi', 'info', 'servers', 'paths', 'components', 'security', 'tags', 'webhooks', 'jsonSchemaDialect'];
// Header fields that are HTTP's own, or are for browsers and proxies: they need no word in the document.
const ownHeaders = new Set([
  ...['connection', 'content-length', 'content-type', 'date', 'keep-alive', 'server', 'transfer-encoding'],
  ...['cache-control', 'x-content-type-options', 'x-accel-buffering'],
]);

export class Validator {
  constructor(document) {
    this.document = document;
    this.seen = new Map(); // operation's name → statuses
    // strictRequired: a form of a oneOf that requires a field would have to declare it again.
    this.ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true, allErrors: true, validateFormats: true });
    addFormats(this.ajv);
    this.ajv.addVocabulary([...annotations, ...topFields]);
    this.ajv.addSchema(withoutExtensions(document.json), documentId, undefined, false);
  }

  /** The judgement of a schema that stands by itself: a function of a value. */
  compile(schema) {
    return this.ajv.compile(withoutExtensions(this.document.resolve(schema)));
  }

  /** What a value has wrong by the schema at a place of the document; empty where nothing. */
  faults(pointer, value) {
    const check = this.ajv.getSchema(documentId + pointer);
    if (!check) throw new Error(`no schema at ${pointer}`);
    if (check(value)) return [];
    return check.errors.map((one) => `${one.instancePath || '(the whole)'} ${one.message} ${JSON.stringify(one.params)}`);
  }

  /** What is wrong with an answer to an operation; empty where nothing. Remembers that its status was seen. */
  answerFaults(operation, answer) {
    const statuses = this.seen.get(operation.name) ?? new Set();
    this.seen.set(operation.name, statuses.add(String(answer.status)));
    const response = operation.responses[answer.status];
    if (!response) return [`the status ${answer.status} is not documented (${answer.text.slice(0, 200)})`];
    return [...this.#headerFaults(response, answer), ...this.#bodyFaults(response, answer)];
  }

  #headerFaults(response, answer) {
    const faults = [];
    for (const [name, header] of Object.entries(response.headers)) {
      const text = answer.headers[name];
      if (text === undefined) {
        if (header.required) faults.push(`the header ${name} is missing`);
      } else if (!this.#allows(header.schema, text)) {
        faults.push(`the header ${name}: ${text} is not what its schema says`);
      }
    }
    for (const name of Object.keys(answer.headers)) {
      if (!ownHeaders.has(name) && !response.headers[name]) faults.push(`the header ${name} is not documented`);
    }
    return faults;
  }

  /** A header's text, or what it reads as: a number, a boolean. */
  #allows(schema, text) {
    const check = this.compile(schema);
    if (check(text)) return true;
    try {
      return check(JSON.parse(text));
    } catch {
      return false;
    }
  }

  #bodyFaults(response, answer) {
    const types = Object.keys(response.content);
    if (types.length === 0) return answer.bytes.length === 0 ? [] : ['a body that is not documented'];
    const type = (answer.headers['content-type'] ?? '').toLowerCase();
    const found = types.find((one) => type.split(';')[0].trim() === one.split(';')[0].trim());
    if (!found) return [`the content type '${type}' is none of ${types.join(', ')}`];
    if (found !== 'application/json') return [];
    if (answer.json === undefined) return [`the body is not JSON: ${answer.text.slice(0, 200)}`];
    return this.faults(response.content[found].pointer, answer.json);
  }
}

/** A copy without `x-` fields: they are the document's own business, and strict mode knows no such keyword. */
function withoutExtensions(part) {
  if (Array.isArray(part)) return part.map(withoutExtensions);
  if (part === null || typeof part !== 'object') return part;
  const kept = Object.entries(part).filter(([name]) => !name.startsWith('x-'));
  return Object.fromEntries(kept.map(([name, value]) => [name, withoutExtensions(value)]));
}

/** The error shape, which no route need document: what is answered where there is no route. */
export function errorShapeFaults(answer) {
  const faults = [];
  if (!(answer.headers['content-type'] ?? '').startsWith('application/json')) faults.push('not JSON by its type');
  const fields = Object.keys(answer.json ?? {});
  if (fields.length !== 1 || typeof answer.json?.error !== 'string' || answer.json.error.length < 6) {
    faults.push(`not the error shape: ${answer.text.slice(0, 200)}`);
  }
  if (!answer.headers['x-request-id']) faults.push('no X-Request-Id');
  return faults;
}
