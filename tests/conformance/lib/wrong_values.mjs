// Every kind of wrong value for a field, taken from its schema in the document.
//
// A wrong value is { what, json, names }: its JSON as bytes (they may be no JSON at all), and whether the error must
// name the field, which it cannot where the body as a whole cannot be read. What the schema allows is left out, but
// for what a schema cannot say: ids of nothing, control characters, bytes that are no UTF-8.
import { unknownId } from './document.mjs';

const samples = { null: null, boolean: true, integer: 42, number: 1.5, string: 'text', array: ['text'], object: { a: 1 } };
const depth = 100; // arrays within each other; the server takes 64 in all
const longest = 900_000; // characters: below the limit of a body
const idPattern = /^\^(agt|tsk|msg|epc|mcp|tok)_/;
// Texts in which a newline or a tab has its place; NUL has none anywhere.
const freeTexts = new Set(['role', 'input', 'text', 'comment', 'value', 'env', 'args']);

const bytes = (text) => Buffer.from(text, 'latin1');
const rawValues = [
  ['bytes that are no UTF-8', bytes('"a\xC3(\xFF"')],
  ['an overlong form', bytes('"\xC0\xAF"')],
  ['a surrogate in UTF-8', bytes('"\xED\xA0\x80"')],
  ['half a surrogate pair', bytes('"\\ud800"')],
  ['a bare control character', bytes('"a\x01b"')],
];
const rawNumbers = ['NaN', 'Infinity', '-Infinity', '1e400', '0x10', '01', '+1', '1.', '.5'];

/** The alternatives of a schema, resolved. One with a type of its own is a form, whatever it adds to that. */
export function formsOf(schema, document) {
  const found = document.resolve(schema);
  const choices = found.type ? undefined : (found.anyOf ?? found.oneOf);
  return choices ? choices.flatMap((one) => formsOf(one, document)) : [found];
}

export const typesOf = (forms) => new Set(forms.flatMap((form) => form.type ?? typeof (form.enum?.[0] ?? form.const)));

/** Wrong values for a field of a JSON body. `allows(value)` is the judgement of the field's schema. */
export function wrongValues(name, schema, document, allows) {
  const forms = formsOf(schema, document);
  const plain = [...wrongTypes(forms), ...forms.flatMap((form) => wrongOfForm(name, form, document))];
  const judged = plain.filter((one) => one.always || !allows(one.value));
  const found = judged.map((one) => ({ what: one.what, names: true, json: Buffer.from(JSON.stringify(one.value)) }));
  return [...found, ...rawOf(forms), { what: 'too deep', names: false, json: bytes('['.repeat(depth) + ']'.repeat(depth)) }];
}

function wrongTypes(forms) {
  const types = typesOf(forms);
  return Object.entries(samples)
    .filter(([type]) => !types.has(type))
    .map(([type, value]) => ({ what: `of the type ${type}`, value }));
}

function rawOf(forms) {
  const types = typesOf(forms);
  const numeric = types.has('integer') || types.has('number');
  const found = types.has('string') ? rawValues : [];
  const numbers = numeric ? rawNumbers.map((text) => [`the number ${text}`, bytes(text)]) : [];
  return [...found, ...numbers].map(([what, json]) => ({ what, names: false, json }));
}

function wrongOfForm(name, form, document) {
  const types = typesOf([form]);
  return [
    ...(types.has('string') ? wrongStrings(name, form) : []),
    ...(types.has('integer') || types.has('number') ? wrongNumbers(form) : []),
    ...(types.has('array') ? wrongArrays(name, form, document) : []),
    ...(types.has('object') ? wrongObjects(name, form, document) : []),
  ];
}

function wrongStrings(name, form) {
  const found = [{ what: 'empty', value: '' }, { what: 'NUL', value: 'a\0b', always: true }];
  if (!freeTexts.has(name)) {
    for (const c of ['\u0001', '\n', '\u001f', '\u007f']) {
      found.push({ what: `the control character ${c.charCodeAt(0)}`, value: `a${c}b`, always: true });
    }
  }
  for (const length of [form.maxLength + 1, form.maxLength * 3].filter((one) => one <= longest)) {
    found.push({ what: `${length} characters`, value: 'A'.repeat(length) });
  }
  for (const word of form.enum ?? []) {
    for (const value of [String(word).toUpperCase(), `${word} `, `${word}x`]) found.push({ what: `the value '${value}'`, value });
  }
  found.push({ what: 'some other text', value: 'no-such-value' });
  return [...found, ...wrongIds(form), ...wrongFormats(form)];
}

function wrongIds(form) {
  const prefix = idPattern.exec(form.pattern ?? '')?.[1];
  if (!prefix) return [];
  const other = prefix === 'agt' ? 'tsk' : 'agt';
  const texts = [`${prefix}_`, `${prefix}_1`, unknownId(prefix).slice(4), `${unknownId(prefix)}A`, ` ${unknownId(prefix)}`];
  return [
    ...texts.map((value) => ({ what: `the malformed id '${value}'`, value })),
    { what: 'an id beyond the highest', value: `${prefix}_8ZZZZZZZZZZZZZZZZZZZZZZZZZ` },
    { what: 'an id of another kind', value: unknownId(other) },
    { what: 'an id of nothing', value: unknownId(prefix), always: true },
  ];
}

function wrongFormats(form) {
  const texts = {
    'date-time': ['yesterday', '2025-13-01T00:00:00Z', '2025-01-01', '10:00'],
    uri: ['nonsense', 'ftp://example.com/', 'file:///etc/passwd', 'http://', 'http://169.254.169.254/'],
  };
  return (texts[form.format] ?? []).map((value) => ({ what: `'${value}'`, value, always: true }));
}

function wrongNumbers(form) {
  const values = [form.minimum - 1, form.maximum + 1, form.exclusiveMinimum, -1, 0, 0.5, 1e300, -1e300, 2 ** 53, 2 ** 64];
  return values.filter((value) => Number.isFinite(value)).map((value) => ({ what: `the number ${value}`, value }));
}

function wrongArrays(name, form, document) {
  const forms = formsOf(form.items ?? {}, document);
  const inner = [...wrongTypes(forms), ...forms.flatMap((one) => wrongOfForm(name, one, document))];
  const found = inner.map((one) => ({ ...one, what: `an item ${one.what}`, value: [one.value] }));
  if (form.maxItems) found.push({ what: `${form.maxItems + 1} items`, value: Array(form.maxItems + 1).fill('item') });
  return found;
}

// What a schema of schemas does not say: which keywords are taken, and how large they may be together.
const wrongSchemas = (most) => [
  { what: 'a keyword that is not supported', value: { properties: { a: { pattern: '^a' } } }, always: true },
  { what: 'a keyword of the wrong form', value: { type: 'float' }, always: true },
  { what: 'a reference to nothing', value: { $ref: '#/$defs/none' }, always: true },
  { what: 'a circle of references', value: { anyOf: [{ $ref: '#' }] }, always: true },
  { what: 'too large', value: { title: 'A'.repeat(most) }, always: true },
];

function wrongObjects(name, form, document) {
  const found = name === 'outputSchema' ? wrongSchemas(form['x-max-bytes']) : [];
  for (const [key, schema] of Object.entries(form.properties ?? {})) {
    const forms = formsOf(schema, document);
    const valid = Object.fromEntries(Object.entries(form.properties).map(([other, one]) => [other, sampleOf(one, document)]));
    const inner = [...wrongTypes(forms), ...forms.flatMap((one) => wrongOfForm(key, one, document))];
    found.push(...inner.map((one) => ({ ...one, what: `${key}: ${one.what}`, value: { ...valid, [key]: one.value } })));
    const { [key]: left, ...others } = valid;
    if (left !== undefined) found.push({ what: `without ${key}`, value: others });
  }
  const more = form.additionalProperties;
  if (typeof more === 'object') {
    const forms = formsOf(more, document);
    const inner = [...wrongTypes(forms), ...forms.flatMap((one) => wrongOfForm(name, one, document))];
    found.push(...inner.map((one) => ({ ...one, what: `a value ${one.what}`, value: { NAME: one.value } })));
    for (const key of ['', 'a b', 'a=b', 'a\0b', 'a\nb', 'ä']) {
      found.push({ what: `the name ${JSON.stringify(key)}`, value: { [key]: 'text' }, always: true });
    }
  }
  if (form.maxProperties) {
    const many = Array.from({ length: form.maxProperties + 1 }, (_, at) => [`NAME${at}`, 'text']);
    found.push({ what: `${many.length} entries`, value: Object.fromEntries(many) });
  }
  return found;
}

/** Some valid value. */
function sampleOf(schema, document) {
  const form = formsOf(schema, document).find((one) => !typesOf([one]).has('null')) ?? {};
  if (form.enum) return form.enum[0];
  return { integer: form.minimum ?? 1, number: 1, boolean: true, array: [], object: {} }[form.type] ?? 'text';
}

/** Wrong texts for a query parameter, percent-encoded. */
export function wrongQueryTexts(schema, document, allows) {
  const forms = formsOf(schema, document);
  const numeric = typesOf(forms).has('integer');
  const values = [
    ...(numeric ? ['ten', '1.5', '1e2', '0x10', 'NaN', ' 5', '5 ', '99999999999999999999999'].map((value) => ({ what: value, value })) : []),
    ...forms.flatMap((form) => (numeric ? wrongNumbers(form) : wrongStrings('query', form))),
  ].filter((one) => !one.what.includes('id of nothing'));
  const reads = (text) => (numeric ? /^\d+$/.test(text) && allows(Number(text)) : allows(text));
  const judged = values.filter((one) => one.always || !reads(String(one.value)));
  const found = judged.map((one) => ({ what: one.what, text: encodeURIComponent(one.value), names: true }));
  const raw = ['%FF', '%C3%28', '%zz', '%', '%00'].map((text) => ({ what: `the escape ${text}`, text, names: false }));
  return [...found.filter((one) => one.text.length < 8000), ...raw, { what: 'empty', text: '', names: true }];
}

/** Wrong texts where a path has an id. */
export const wrongPathIds = ['x', 'agt_', 'tsk_1', unknownId('msg'), '%00', '%FF', '%zz', '..%2F..', '%2e%2e', 'a'.repeat(2000), '-1', '*'];
