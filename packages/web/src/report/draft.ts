import { readStored, writeStored } from "../design/stored.ts";

/** What has been entered so far. Text as typed; the report is made of it when it is sent. */
export type Draft = {
  readonly category: string;
  readonly siteId: string;
  readonly zoneId: string;
  readonly occurredAt: string; // as <input type="datetime-local"> has it, in this device's zone; "" is "just now"
  readonly value: string;
  readonly currency: string;
  readonly summary: string;
  readonly key: string; // sent with the report: the same report sent twice, after an answer that got lost, is one report
};

const emptyDraft: Omit<Draft, "key"> = {
  category: "",
  siteId: "",
  zoneId: "",
  occurredAt: "",
  value: "",
  currency: "EUR",
  summary: "",
};

/**
 * A draft survives a lost connection, a locked phone and a reload. The choices are kept on the device. The words are not: people write
 * about people, so they live with this tab only (session storage) and go when it is closed, the report is sent, or someone signs out.
 */
const wordsKey = "tillwatch.report.words";

export function newDraft(): Draft {
  return { ...emptyDraft, key: newKey() };
}

/** `crypto.randomUUID` is missing where the page came over plain HTTP from another machine; random values are not. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function readDraft(): Draft {
  const kept: Draft = { ...newDraft(), ...choicesFrom(readStored("report")) };
  try {
    return { ...kept, summary: sessionStorage.getItem(wordsKey) ?? "" };
  } catch {
    return kept;
  }
}

export function keepDraft({ summary, ...choices }: Draft): void {
  writeStored("report", JSON.stringify(choices));
  try {
    sessionStorage.setItem(wordsKey, summary);
  } catch {
    // Storage refused: the draft then lives in the open page only.
  }
}

export function forgetDraft(): void {
  writeStored("report", null);
  try {
    sessionStorage.removeItem(wordsKey);
  } catch {
    // as above
  }
}

/** Storage may hold the draft of an older version: only text members that are known are taken. */
function choicesFrom(stored: string | null): Partial<Draft> {
  if (stored === null) return {};
  try {
    const raw: unknown = JSON.parse(stored);
    if (typeof raw !== "object" || raw === null) return {};
    const names = Object.keys(newDraft());
    return Object.fromEntries(
      Object.entries(raw).filter(([name, value]) => names.includes(name) && typeof value === "string"),
    );
  } catch {
    return {};
  }
}
