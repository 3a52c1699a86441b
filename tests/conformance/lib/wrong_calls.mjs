// Calls with exactly one thing wrong.
import { wrongQueryTexts, wrongValues } from './wrong_values.mjs';

const placeholder = '@@the wrong value@@';

/** The bytes of a body in which a field is something that may be no JSON. */
export function bodyWith(body, field, json) {
  const text = JSON.stringify({ ...body, [field]: placeholder });
  const [before, after] = text.split(JSON.stringify(placeholder));
  return Buffer.concat([Buffer.from(before), json, Buffer.from(after)]);
}

export function bodyWithout(body, field) {
  const { [field]: left, ...others } = body ?? {};
  return others;
}

/** The wrong values for a field of an operation's body. */
export function wrongFieldValues(operation, field, context) {
  const { document, validator } = context;
  const allows = (value) => validator.faults(`${operation.body.pointer}/properties/${field}`, value).length === 0;
  return wrongValues(field, operation.body.schema.properties[field], document, allows);
}

/** The wrong texts for a query parameter. */
export function wrongTexts(parameter, context) {
  const check = context.validator.compile(parameter.schema);
  return wrongQueryTexts(parameter.schema, context.document, (value) => check(value));
}

/** One call that is wrong in its first field or query parameter; nothing where the operation takes neither. */
export async function oneWrongCall(operation, make, world) {
  const call = await make(world);
  const field = Object.keys(operation.body?.schema.properties ?? {})[0];
  if (field) return { ...call, body: { ...call.body, [field]: { no: 'such type' } }, what: `${field} is an object` };
  const parameter = operation.query[0];
  if (!parameter) return undefined;
  const wrong = parameter.schema.type === 'integer' ? 'many' : '\u0001';
  return { ...call, query: { ...call.query, [parameter.name]: wrong }, what: `${parameter.name}=${wrong}` };
}
