// Why this tab was signed out, for the sign-in page to say. In memory only: a reason out of an address could be anybody's words.
let last: string | null = null;

export function noteSessionEnd(says: string): void {
  last = says;
}

/** The reason, or null where the person came by him- or herself. */
export function lastSessionEnd(): string | null {
  return last;
}

export function forgetSessionEnd(): void {
  last = null;
}
