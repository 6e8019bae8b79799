/**
 * What every fallible function of this package returns: a value, or a refusal with a stable code and one plain sentence.
 * Refusals are expected (hostile or damaged input); a broken promise of our own caller throws instead.
 */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** `code` is stable and stands in docs/errors; `says` is for people and MUST NOT be parsed. */
export type Refusal<Code extends string> = { readonly code: Code; readonly says: string };

export function accepted<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function refused<Code extends string>(
  code: Code,
  says: string,
): { readonly ok: false; readonly error: Refusal<Code> } {
  return { ok: false, error: { code, says } };
}

/** Thrown when a caller or the world broke a promise (a stream that ends early, a digest that changed while copying). */
export class EvidenceFault extends Error {
  override readonly name = "EvidenceFault";
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** The value, or an EvidenceFault with the refusal's code: for callers to whom a refusal means a bug of their own. */
export function expectAccepted<T>(result: Result<T, Refusal<string>>): T {
  if (result.ok) return result.value;
  throw new EvidenceFault(result.error.code, result.error.says);
}
