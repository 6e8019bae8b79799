import type { JsonObject } from "@tillwatch/wire";

/** What a check found: whether the control holds, in a sentence, and what that rests on. */
export type Checked = { readonly ok: boolean; readonly says: string; readonly evidence: JsonObject };

/**
 * A control: something that must hold, and how one sees that it does. Each area adds its own to the list in app/record.ts. A check reads;
 * it changes nothing but its own notes of how far it came, and a check that throws counts as failed.
 */
export type Control = {
  readonly id: string; // snake_case, for ever: the history hangs on it
  readonly title: string;
  readonly says: string; // what it proves
  readonly everyMinutes: number;
  readonly check: () => Promise<Checked>;
};
