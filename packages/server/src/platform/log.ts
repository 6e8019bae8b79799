/** One JSON line a record on standard error; `fields` must never hold a secret or personal data. */
export type Log = {
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
};
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

type Write = (line: string) => void;

export function jsonLog(write: Write, clock: () => number): Log {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      write(`${JSON.stringify({ at: new Date(clock()).toISOString(), level, message, ...fields })}\n`);
    };
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** The text of a fault for a log line: its code and message and those of its causes, no stack. */
export function describeFault(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault);
  const code = "code" in fault ? `[${String(fault.code)}] ` : "";
  return fault.cause === undefined
    ? `${code}${fault.message}`
    : `${code}${fault.message}: ${describeFault(fault.cause)}`;
}
