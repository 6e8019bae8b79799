import { queryOptions } from "@tanstack/react-query";
import { request } from "../api/request.ts";

/** Content whose time is over, as `/api/v1/disposals` lists it. */
export type DisposalItem = {
  readonly id: string;
  readonly siteId: string;
  readonly incidentId: string;
  readonly ref: string;
  readonly exhibitId: string | null;
  readonly kind: string; // clips, case, watch_item or exhibit
  readonly basis: { readonly days?: number | null; readonly endedAt?: string; readonly dueAt?: string };
  readonly state: "due" | "requested" | "confirmed" | "kept" | "done";
  readonly held: boolean; // a legal hold stands against it
  readonly requestedAt: string | null;
  readonly requestedBy: string | null;
  readonly because: string | null;
  readonly confirmedBy: string | null;
  readonly keptUntil: string | null;
  readonly keptBy: string | null;
  readonly keptBecause: string | null;
  readonly doneAt: string | null;
  readonly certificateAuditId: string | null;
};

type Names = Readonly<Record<string, string>>; // whom the tokens of the items stand for
type Lists = Readonly<Record<"open" | "kept" | "done", readonly DisposalItem[]>> & { readonly names: Names };

const againMs = 5_000;

/** All three lists in one: what leaves the first arrives in another. While something is being destroyed they are asked again. */
export const disposalsQuery = queryOptions({
  queryKey: ["disposals"],
  queryFn: async ({ signal }): Promise<Lists> => {
    const listOf = (state: "open" | "kept" | "done") =>
      request<{ readonly items: readonly DisposalItem[]; readonly names: Names }>(`/api/v1/disposals?state=${state}`, {
        signal,
      });
    const [open, kept, done] = await Promise.all([listOf("open"), listOf("kept"), listOf("done")]);
    // When the day has come it is listed anew, beside the old line.
    const still = kept.items.filter(({ keptUntil }) => keptUntil === null || Date.parse(keptUntil) > Date.now());
    const names = { ...open.names, ...kept.names, ...done.names };
    return { open: open.items, kept: still, done: done.items, names };
  },
  refetchInterval: ({ state }) => (state.data?.open.some((item) => item.state === "confirmed") ? againMs : false),
});

export type Decision =
  | { readonly step: "ask"; readonly because: string }
  | { readonly step: "confirm" }
  | { readonly step: "keep"; readonly because: string; readonly day: string };
export type Step = Decision["step"];

/** Asks, confirms or keeps on. The server may want a fresh proof of who this is. */
export async function decide(item: DisposalItem, decision: Decision): Promise<void> {
  const path = `/api/v1/incidents/${encodeURIComponent(item.incidentId)}/disposals`;
  if (decision.step === "confirm") {
    await request(`${path}/${item.id}/confirm`, { method: "POST" });
    return;
  }
  if (decision.step === "keep") {
    const body = { until: `${decision.day}T00:00:00Z`, because: decision.because };
    await request(`${path}/${item.id}/keep`, { method: "POST", body });
    return;
  }
  const exhibit = item.exhibitId === null ? {} : { exhibitId: item.exhibitId };
  await request(path, { method: "POST", body: { kind: item.kind, ...exhibit, because: decision.because } });
}

/** The signed certificate, as text to keep. */
export async function certificateOf({ incidentId, id }: DisposalItem): Promise<string> {
  const path = `/api/v1/incidents/${encodeURIComponent(incidentId)}/disposals/${id}/certificate`;
  return `${JSON.stringify(await request<object>(path), null, 2)}\n`;
}

const kindWords: Readonly<Record<string, string>> = {
  clips: "Files and packets",
  case: "The whole case",
  watch_item: "Watch item",
  exhibit: "One exhibit",
};

export function kindText(kind: string): string {
  return kindWords[kind] ?? kind.replaceAll("_", " ");
}

/** On what rule it is due. */
export function basisText({ kind, basis }: Pick<DisposalItem, "kind" | "basis">): string {
  const ended = kind === "watch_item" ? "it aged out" : "the case was closed";
  const from = basis.endedAt === undefined ? "" : ` (${basis.endedAt.slice(0, 10)})`;
  return typeof basis.days === "number"
    ? `${basis.days} ${basis.days === 1 ? "day" : "days"} after ${ended}${from}`
    : `When its case may go${from}`;
}
