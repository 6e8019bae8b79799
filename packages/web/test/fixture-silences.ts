import { incidentId } from "./fixture-world.ts";

/** Silences in a small world: what their addresses answer. */
const fromNow = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();

export const gateSilence = "51e0c000-0000-4000-8000-000000000001";
export const cameraSilence = "51e0c000-0000-4000-8000-000000000002";
const exitRule = "f37fc7ed-9e7e-4ef0-b63f-5aa2c5097cbe";
const movedRule = "05563672-ae5a-4bb7-a7ce-502ed8ce69a4";
const anna = "user:8f1d2c3b4a5968778695a4b3c2d1e0f9";
const bert = "user:11d2c3b4a5968778695a4b3c2d1e0f90";
const names = { [anna]: "Anna Albers", [bert]: "Bert Brandt" };

const silence = (id: string, edit: object = {}) => ({
  id,
  state: "active",
  ruleId: exitRule,
  ruleTitle: "Exit alarm without a sale",
  siteId: "S-1001",
  zoneId: null,
  deviceId: "E-01",
  category: null,
  level: 1,
  startsAt: fromNow(-180),
  endsAt: fromNow(300),
  because: "The gate is being mended until the evening; Miller of Gates Ltd is here.",
  madeAt: fromNow(-180),
  owner: anna,
  signed: null as object | null,
  ended: null as object | null,
  hidden: 3,
  ...edit,
});

export class FixtureSilences {
  signed = false;
  ended = false;
  none = false;
  dismissals = true;

  get(path: string): unknown {
    if (path === "/api/v1/dismissals") return this.#dismissals();
    if (path === "/api/v1/silences") return { items: this.none ? [] : this.#items(), names };
    if (path === "/api/v1/silences/choices") return choices;
    const [, id] = /^\/api\/v1\/silences\/([^/]+)$/.exec(path) ?? [];
    const found = this.#items().find((one) => one.id === id);
    return found === undefined ? undefined : { ...found, names, cases: found.hidden === 0 ? [] : cases() };
  }

  post(path: string): unknown {
    if (path === "/api/v1/dismissals/switch") {
      this.dismissals = !this.dismissals;
      return { on: this.dismissals };
    }
    const [, id = gateSilence, act] = /^\/api\/v1\/silences(?:\/([^/]+)\/(sign|end))?$/.exec(path) ?? [];
    if (!path.startsWith("/api/v1/silences")) return undefined;
    if (act === "sign") this.signed = true;
    if (act === "end") this.ended = true;
    return { id };
  }

  #dismissals() {
    const changed = this.dismissals ? null : anna;
    const place = { siteId: "S-1001", zoneId: null };
    const exit = { ruleId: exitRule, ruleTitle: "Exit alarm without a sale", ...place };
    return {
      on: this.dismissals,
      changedAt: changed === null ? null : fromNow(-2),
      changedBy: changed,
      days: 30,
      items: [{ ...exit, dismissed: 6, judged: 7, share: 437, lastAt: fromNow(-400) }],
      names,
    };
  }

  #items() {
    const signed = this.signed ? { at: fromNow(-1), by: bert, because: "The electrician is here, I saw him." } : null;
    const ended = this.ended ? { at: fromNow(-1), by: bert, because: "Mended sooner." } : null;
    return [
      silence(gateSilence, this.ended ? { state: "ended", ended } : {}),
      silence(cameraSilence, {
        ruleId: movedRule,
        ruleTitle: "Camera moved or out of focus",
        deviceId: "C-02",
        level: 2,
        endsAt: fromNow(1_400),
        because: "The electrician turns the cameras at the entrance.",
        hidden: 0,
        signed,
      }),
      silence("51e0c000-0000-4000-8000-000000000003", {
        state: "to_come",
        ruleId: null,
        ruleTitle: null,
        deviceId: null,
        startsAt: fromNow(2_880),
        endsAt: fromNow(4_000),
        because: "Stocktaking through the night: forty people with scanners.",
        hidden: 0,
      }),
      silence("51e0c000-0000-4000-8000-000000000004", {
        state: "ended",
        ruleTitle: "Door held open",
        siteId: null,
        deviceId: null,
        startsAt: fromNow(-9_000),
        endsAt: fromNow(-5_000),
        because: "Deliveries over the long weekend came through the staff doors everywhere.",
        owner: bert,
        hidden: 41,
      }),
    ];
  }
}

const hidden = (at: number, edit: object = {}) => ({
  incidentId: incidentId(at),
  ref: `TW-2026-0000${90 + at}`,
  state: "watch",
  category: "shoplifting",
  siteId: "S-1001",
  kind: "held",
  firstAt: fromNow(-100 + at),
  lastAt: fromNow(-90 + at),
  signals: 2,
  severity: 0.954,
  level: 1,
  ...edit,
});

const cases = () => [
  hidden(1),
  hidden(2, { kind: "quiet", state: "investigating", category: "till_fraud", severity: 0.99 }),
  hidden(3, { state: "aged_out", severity: 0.931 }),
];

const choices = {
  rules: [
    { id: movedRule, title: "Camera moved or out of focus", level: 2 },
    { id: exitRule, title: "Exit alarm without a sale", level: 1 },
  ],
  everySite: true,
  hoursMax: { narrow: 720, wide: 72 },
};
