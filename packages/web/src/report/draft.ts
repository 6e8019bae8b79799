import type { PeopleDescription, Picked } from "@tillwatch/wire";
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
  readonly keptBecause: string; // why words that were challenged stay; "" is not
  readonly description: PeopleDescription;
  readonly colleagues: readonly string[] | null; // whom of the house it is about; none picked: one who is not listed; null: nobody
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
  keptBecause: "",
  description: { persons: [], scene: {} },
  colleagues: null,
};

/**
 * A draft survives a lost connection, a locked phone and a reload. The choices are kept on the device. The words are not: people write
 * about people, so they live with this tab only (session storage) and go when it is closed, the report is sent, or someone signs out.
 * Whom of the house it is about lives and goes with the words: alone they would be sent to everybody.
 */
const wordsKey = "tillwatch.report.words";
const descriptionKey = "tillwatch.report.description";
const colleaguesKey = "tillwatch.report.colleagues";

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
    const description = descriptionFrom(sessionStorage.getItem(descriptionKey));
    return {
      ...kept,
      summary: sessionStorage.getItem(wordsKey) ?? "",
      colleagues: colleaguesFrom(sessionStorage.getItem(colleaguesKey)),
      ...(description === null ? {} : { description }),
    };
  } catch {
    return kept;
  }
}

export function keepDraft({ summary, description, colleagues, keptBecause: _because, ...choices }: Draft): void {
  writeStored("report", JSON.stringify(choices));
  try {
    sessionStorage.setItem(wordsKey, summary);
    sessionStorage.setItem(descriptionKey, JSON.stringify(description));
    sessionStorage.setItem(colleaguesKey, JSON.stringify(colleagues));
  } catch {
    // Storage refused: the draft then lives in the open page only.
  }
}

export function forgetDraft(): void {
  writeStored("report", null);
  try {
    sessionStorage.removeItem(wordsKey);
    sessionStorage.removeItem(descriptionKey);
    sessionStorage.removeItem(colleaguesKey);
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
    const { description: _description, colleagues: _colleagues, ...texts } = newDraft();
    const names = Object.keys(texts);
    return Object.fromEntries(
      Object.entries(raw).filter(([name, value]) => names.includes(name) && typeof value === "string"),
    );
  } catch {
    return {};
  }
}

function colleaguesFrom(stored: string | null): Draft["colleagues"] {
  if (stored === null) return null;
  try {
    const raw: unknown = JSON.parse(stored);
    return Array.isArray(raw) ? raw.filter((ref) => typeof ref === "string") : null;
  } catch {
    return null;
  }
}

function descriptionFrom(stored: string | null): PeopleDescription | null {
  if (stored === null) return null;
  try {
    const raw: unknown = JSON.parse(stored);
    if (!isObject(raw) || !Array.isArray(raw["persons"])) return null;
    const persons: readonly unknown[] = raw["persons"];
    return { persons: persons.map(pickedFrom), scene: pickedFrom(raw["scene"]) };
  } catch {
    return null;
  }
}

function pickedFrom(raw: unknown): Picked {
  if (!isObject(raw)) return {};
  return Object.fromEntries(
    Object.entries(raw).flatMap(([code, values]: [string, unknown]) =>
      Array.isArray(values) ? [[code, values.filter((value) => typeof value === "string")]] : [],
    ),
  );
}

function isObject(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === "object" && raw !== null;
}
