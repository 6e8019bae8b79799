/**
 * A note that is being typed survives a reload and a server that is away. People write about people: as the words of a report, it lives
 * with this tab only (session storage) and goes when the tab is closed, the note is on the record, or someone signs out.
 */
const prefix = "tillwatch.note.";

export function readNote(incidentId: string): string {
  try {
    return sessionStorage.getItem(prefix + incidentId) ?? "";
  } catch {
    return "";
  }
}

export function keepNote(incidentId: string, text: string): void {
  try {
    if (text === "") sessionStorage.removeItem(prefix + incidentId);
    else sessionStorage.setItem(prefix + incidentId, text);
  } catch {
    // Storage refused: the note then lives in the open page only.
  }
}

export function forgetNotes(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(prefix)) sessionStorage.removeItem(key);
  } catch {
    // as above
  }
}
