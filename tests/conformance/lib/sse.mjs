// Reads event streams strictly: what an EventSource would forgive is a fault here.

/** The entries of a stream's text up to its last whole one, and what is wrong with its form. */
export function readStream(text) {
  const entries = [];
  const faults = [];
  const end = text.lastIndexOf('\n\n');
  const blocks = end < 0 ? [] : text.slice(0, end).split('\n\n');
  for (const block of blocks) {
    const lines = block.split('\n').filter((line) => !line.startsWith(':'));
    if (lines.length === 0) continue; // a comment
    const entry = readEntry(lines);
    if (entry) entries.push(entry);
    else faults.push(`not one id and one data line: ${block.slice(0, 200)}`);
  }
  for (let at = 1; at < entries.length; at += 1) {
    if (entries[at].id <= entries[at - 1].id) faults.push(`id ${entries[at].id} comes after ${entries[at - 1].id}`);
  }
  return { entries, faults, rest: end < 0 ? text : text.slice(end + 2) };
}

function readEntry(lines) {
  const id = /^id: (\d+)$/.exec(lines[0])?.[1];
  const data = /^data: (.*)$/.exec(lines[1] ?? '')?.[1];
  if (lines.length !== 2 || id === undefined || data === undefined) return undefined;
  try {
    return { id: Number(id), data: JSON.parse(data) };
  } catch {
    return undefined;
  }
}

export const lastStatuses = ['done', 'error', 'waiting'];
/** Is it the event that a run's stream ends with? */
export const endsRun = (event) => event?.type === 'status' && lastStatuses.includes(event.text);
