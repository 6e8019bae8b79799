import { createHash } from "node:crypto";
import type { IncidentPage, IncidentRecord } from "@tillwatch/wire";

const program = "timeline writer";
/** The whole of what it is: no language model stands behind it, and its name says so. */
const model = { name: "tillwatch-timeline-writer template", version: "1.0" };
const template =
  "This program is a template and no language model. It says: {signals} signals within {seconds} seconds: {time} {type} of {device}; ...";
const linesMax = 6;

/** The template filled in from a case: nothing that the machine's own facts do not say. */
export function timelineText({ signals }: Pick<IncidentRecord, "signals">): string {
  const times = signals.map(({ correctedAt }) => Date.parse(correctedAt));
  const seconds = Math.round((Math.max(...times) - Math.min(...times)) / 1000);
  const lines = signals.slice(0, linesMax).map(({ correctedAt, type, deviceId, source }) => {
    return `${correctedAt.slice(11, 19)} ${type.replaceAll("_", " ")} of ${deviceId ?? source}`;
  });
  const more = signals.length > linesMax ? `; and ${signals.length - linesMax} more` : "";
  const count = signals.length === 1 ? "1 signal" : `${signals.length} signals within ${seconds} seconds`;
  return `${count} (times UTC): ${lines.join("; ")}${more}.`;
}

/**
 * Lets a program of its own in, which drafts one note for the case with the most signals at the head of the queue: so that whoever tries the demo
 * finds a draft to review. Once in the life of a demo; answers the reference of the case, null where it was before or there is none yet.
 */
export async function draftTimeline(
  url: string,
  tokens: { readonly operator: string; readonly reader: string },
  nowMs: number,
): Promise<string | null> {
  const asking =
    (bearer: string) =>
    async <Answer>(path: string, body?: object): Promise<Answer> => {
      const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
      const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
      const answer = await fetch(new URL(path, url), { headers, ...sent });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path}: ${text}`);
      return JSON.parse(text) as Answer;
    };
  const ask = asking(tokens.operator);
  const read = asking(tokens.reader); // the installation's token sees no case
  const accounts = "/api/v1/service-accounts";
  const known = await ask<{ readonly items: readonly { readonly name: string }[] }>(accounts);
  if (known.items.some(({ name }) => name === program)) return null;
  const queue = await read<IncidentPage>("/api/v1/incidents?kind=incident&limit=20");
  const [first] = queue.items.toSorted((a, b) => b.signalCount - a.signalCount);
  if (first === undefined || first.signalCount === 0) return null;
  const purpose = "drafts a note from the signals of a case: a template, no language model";
  const account = { name: program, purpose, roles: [], scopes: ["draft:write"] };
  const { id } = await ask<{ readonly id: string }>(accounts, account);
  const expiresAt = new Date(nowMs + 30 * 24 * 3_600_000).toISOString();
  const { key } = await ask<{ readonly key: string }>(`${accounts}/${id}/keys`, { expiresAt, because: "the demo" });
  const record = await read<IncidentRecord>(`/api/v1/incidents/${first.id}`);
  await asking(key)(`/api/v1/incidents/${first.id}/drafts`, {
    key: "timeline-1",
    place: "note",
    text: timelineText(record),
    model,
    promptSha256: createHash("sha256").update(template, "utf8").digest("hex"),
    prompt: template,
    inputs: record.signals.slice(0, linesMax).map((signal) => ({ kind: "signal", id: signal.id })),
    writtenAt: new Date(nowMs).toISOString(),
  });
  return first.ref;
}
