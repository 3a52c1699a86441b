// Which documented statuses no test can bring about, and why. Whatever is not here must have been seen.

export const unreachable = [
  { status: '500', why: 'means a fault of the server; a test that could bring one about would be a bug report' },
  { status: '409', why: 'means that the same object was changed by others, again and again while it was tried: a matter of speed' },
];

/** The documented statuses that were never seen: "GET /api/agents 404". */
export function neverSeen(document, seen) {
  return document.operations.flatMap((operation) =>
    Object.keys(operation.responses)
      .filter((status) => !seen.get(operation.name)?.has(status))
      .filter((status) => !unreachable.some((one) => one.status === status && (one.operation ?? operation.name) === operation.name))
      .map((status) => `${operation.name} ${status}`),
  );
}
