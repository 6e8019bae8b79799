import type { DisposalItem } from "../src/privacy/retention-queries.ts";
import { stepUpRequired } from "./fixture-grants.ts";
import { incidentId } from "./fixture-world.ts";

const at = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString();
const id = (n: number) => `cdcdcdcd-cdcd-4dcd-8dcd-${String(n).padStart(12, "0")}`;
const other = "user:77777777-7777-4777-8777-000000000003";

function disposal(n: number, more: Partial<DisposalItem> = {}): DisposalItem {
  return {
    id: id(n),
    siteId: "S-1001",
    incidentId: incidentId(n),
    ref: `TW-2026-0000${10 + n}`,
    exhibitId: null,
    kind: "clips",
    basis: { days: 30, endedAt: at(34), dueAt: at(4) },
    state: "due",
    held: false,
    requestedAt: null,
    requestedBy: null,
    because: null,
    confirmedBy: null,
    keptUntil: null,
    keptBy: null,
    keptBecause: null,
    doneAt: null,
    certificateAuditId: null,
    ...more,
  };
}

const asked = { state: "requested", requestedAt: at(1), because: "The works council agreed to 30 days." } as const;

/** Who may be picked in a report, and who handles it. */
export const colleagues = {
  items: [
    { ref: "c0".repeat(16), name: "Bob Stone", roles: ["store_manager"] },
    { ref: "c1".repeat(16), name: "Alice Marsh", roles: ["colleague"] },
    ...["Kim", "Lou", "Mia", "Noa", "Pim", "Sam"].map((name, n) => ({
      ref: `d${n}`.repeat(16),
      name: `${name} Peters`,
      roles: ["colleague"],
    })),
  ],
  handlers: ["counsel", "data_protection_officer", "investigator"],
};

type Answer = { readonly status: number; readonly body: unknown };

/** Disposals of a small world, as the server lists and decides them. */
export class FixtureRetention {
  readonly #proven: () => boolean;
  items: DisposalItem[] = [
    disposal(1),
    disposal(2, { ...asked, kind: "case", siteId: "S-1002", requestedBy: other }),
    disposal(3, { ...asked, requestedBy: "user:admin" }),
    disposal(4, { held: true }),
    disposal(5, {
      state: "kept",
      keptUntil: at(-180),
      keptBy: other,
      keptBecause: "The insurer asked for another half year.",
    }),
    disposal(7, { state: "kept", keptUntil: at(2), keptBy: other, keptBecause: "Until the audit was over." }),
    disposal(6, {
      ...asked,
      state: "done",
      kind: "watch_item",
      basis: { days: 1, endedAt: at(9), dueAt: at(8) },
      requestedBy: "machine",
      confirmedBy: "machine",
      because: null,
      doneAt: at(8),
      certificateAuditId: "44444444-4444-4444-8444-000000000421",
    }),
  ];

  /** `proven`: whether who asks has proven it of late. */
  constructor(proven: () => boolean) {
    this.#proven = proven;
  }

  get({ pathname, searchParams }: URL): unknown {
    if (/^\/api\/v1\/sites\/[^/]+\/colleagues$/.test(pathname)) return colleagues;
    const states = { open: ["due", "requested", "confirmed"], kept: ["kept"], done: ["done"] };
    const asks = (searchParams.get("state") ?? "open") as keyof typeof states;
    if (pathname === "/api/v1/disposals") {
      return {
        items: this.items.filter(({ state }) => states[asks].includes(state)),
        names: { [other]: "Clara Weiss" },
      };
    }
    const certified = this.#named(pathname, "certificate");
    return certified === undefined ? undefined : { certificate: { disposalId: certified.id }, envelope: {} };
  }

  post(path: string, body: unknown): Answer | undefined {
    const said = (body ?? {}) as Readonly<Record<string, string>>;
    const incident = /^\/api\/v1\/incidents\/([^/]+)\/disposals$/.exec(path)?.[1];
    const due = this.items.find((item) => item.incidentId === incident && item.kind === said["kind"]);
    if (due !== undefined) {
      return this.#stepped(() =>
        this.#change(due, { ...asked, requestedBy: "user:admin", because: said["because"] ?? null }),
      );
    }
    const kept = this.#named(path, "keep");
    if (kept !== undefined) {
      const { until: keptUntil = null, because: keptBecause = null } = said;
      return this.#stepped(() => this.#change(kept, { state: "kept", keptUntil, keptBecause, keptBy: "user:admin" }));
    }
    const confirmed = this.#named(path, "confirm");
    if (confirmed === undefined) return undefined;
    return this.#stepped(() => this.#change(confirmed, { state: "confirmed", confirmedBy: "user:admin" }));
  }

  /** Ends what was confirmed, as the job does. */
  destroyed(ref: string): void {
    const item = this.items.find((known) => known.ref === ref);
    if (item !== undefined) this.#change(item, { state: "done", doneAt: at(0), certificateAuditId: id(90) });
  }

  #named(path: string, verb: string): DisposalItem | undefined {
    const named = /\/disposals\/([^/]+)\/(\w+)$/.exec(path);
    return named?.[2] === verb ? this.items.find((item) => item.id === named[1]) : undefined;
  }

  #change(item: DisposalItem, news: Partial<DisposalItem>): Answer {
    this.items = this.items.map((one) => (one.id === item.id ? { ...one, ...news } : one));
    return { status: 200, body: { id: item.id } };
  }

  #stepped(then: () => Answer): Answer {
    return this.#proven() ? then() : { status: 403, body: stepUpRequired };
  }
}
