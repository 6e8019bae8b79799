/** Choices of this device, under `tillwatch.<name>`. Storage may be refused or full; the page then works and forgets. No personal data. */
export function readStored(name: string): string | null {
  try {
    return localStorage.getItem(`tillwatch.${name}`);
  } catch {
    return null;
  }
}

export function writeStored(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`tillwatch.${name}`);
    else localStorage.setItem(`tillwatch.${name}`, value);
  } catch {
    // as above
  }
}
