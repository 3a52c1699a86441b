// The OpenAPI document as the tests walk it: its operations, with what each says about itself.

const verbs = ['get', 'post', 'patch', 'put', 'delete'];

export class ApiDocument {
  constructor(json) {
    this.json = json;
    this.operations = Object.entries(json.paths).flatMap(([path, item]) =>
      verbs.filter((verb) => item[verb]).map((verb) => this.#operation(verb, path, item)),
    );
  }

  static async read(client) {
    const answer = await client.ask('GET', '/api/openapi.json');
    if (answer.status !== 200) throw new Error(`GET /api/openapi.json: ${answer.status} ${answer.text}`);
    return new ApiDocument(answer.json);
  }

  /** Follows references within the document. */
  resolve(part) {
    let found = part;
    while (found?.$ref) found = found.$ref.slice(2).split('/').reduce((at, word) => at[decode(word)], this.json);
    return found;
  }

  operation(name) {
    const found = this.operations.find((one) => one.name === name);
    if (!found) throw new Error(`the document has no ${name}`);
    return found;
  }

  #operation(verb, path, item) {
    const described = item[verb];
    const parameters = [...(item.parameters ?? []), ...(described.parameters ?? [])].map((one) => this.resolve(one));
    const body = this.resolve(described.requestBody);
    const pointer = `#/paths/${encode(path)}/${verb}`;
    const responses = Object.fromEntries(
      Object.entries(described.responses).map(([status, response]) => [status, this.#response(status, response, pointer)]),
    );
    const success = Object.keys(responses).find((status) => status.startsWith('2'));
    return {
      name: `${verb.toUpperCase()} ${path}`,
      method: verb.toUpperCase(),
      path,
      described,
      responses,
      success: Number(success),
      isStream: 'text/event-stream' in (responses[success]?.content ?? {}),
      isOpen: (described.security ?? this.json.security ?? []).length === 0,
      leastRole: described['x-least-role'] ?? undefined,
      pathParameters: parameters.filter((one) => one.in === 'path'),
      query: parameters.filter((one) => one.in === 'query'),
      headers: parameters.filter((one) => one.in === 'header'),
      body: body && {
        required: body.required === true,
        schema: this.resolve(body.content['application/json'].schema),
        pointer: this.#bodyPointer(described.requestBody, `${pointer}/requestBody`),
      },
    };
  }

  /** Where the schema of a body stands, references followed. */
  #bodyPointer(given, at) {
    const media = `${given.$ref ?? at}/content/application~1json/schema`;
    return this.resolve(given).content['application/json'].schema.$ref ?? media;
  }

  /** A response with the place of each of its schemas in the document. */
  #response(status, given, pointer) {
    const response = this.resolve(given);
    const at = given.$ref ?? `${pointer}/responses/${status}`;
    const content = Object.fromEntries(
      Object.entries(response.content ?? {}).map(([type, media]) => [
        type,
        { schema: media.schema, pointer: `${at}/content/${encode(type)}/schema` },
      ]),
    );
    const headers = Object.fromEntries(
      Object.entries(response.headers ?? {}).map(([name, header]) => [name.toLowerCase(), this.resolve(header)]),
    );
    return { content, headers };
  }
}

const encode = (word) => encodeURIComponent(word.replaceAll('~', '~0').replaceAll('/', '~1'));
const decode = (word) => decodeURIComponent(word).replaceAll('~1', '/').replaceAll('~0', '~');

/** A path of the document with its parameters filled in: `ids` by name. */
export function fillPath(path, ids = {}) {
  return path.replace(/\{(\w+)\}/g, (whole, name) => {
    if (ids[name] === undefined) throw new Error(`${path}: nothing for ${whole}`);
    return encodeURIComponent(ids[name]);
  });
}

/** The target of a request: path and query. */
export function target(operation, call) {
  const query = new URLSearchParams(call.query ?? {}).toString();
  return fillPath(operation.path, call.path) + (query ? `?${query}` : '');
}

const noId = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const prefixes = { agents: 'agt', tasks: 'tsk', epics: 'epc', mcps: 'mcp', tokens: 'tok' };

/** A well-formed id of the kind that a path's parameter has, and of nothing that there is. */
export function unknownIds(operation) {
  const collection = operation.path.split('/')[2];
  return Object.fromEntries(operation.pathParameters.map((one) => [one.name, `${prefixes[collection]}_${noId}`]));
}
export const unknownId = (prefix) => `${prefix}_${noId}`;
