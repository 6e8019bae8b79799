const transientClasses = ["08", "40", "53", "57"]; // connection, rollback, out of resources, operator intervention
const transientCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "55P03", // lock not available
]);
const sqlState = /^[0-9A-Z]{5}$/;

/** True where the same transaction may succeed later. By SQLSTATE and system code; a driver fault without any is a lost connection. */
export function isTransient(fault: unknown): boolean {
  const code = codeOf(fault);
  if (code === null) return fault instanceof Error && !(fault instanceof TypeError || fault instanceof RangeError);
  return transientCodes.has(code) || (sqlState.test(code) && transientClasses.includes(code.slice(0, 2)));
}

/** SQLSTATE 23505: a row with this key is there already. */
export function isRepeatedKey(fault: unknown): boolean {
  return codeOf(fault) === "23505";
}

function codeOf(fault: unknown): string | null {
  return fault instanceof Error && "code" in fault && typeof fault.code === "string" ? fault.code : null;
}
