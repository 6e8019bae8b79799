import { FixtureSilences } from "./fixture-silences.ts";

/** Rules of detection in a small world: what their addresses answer. */
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const dayOf = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);

export const watchedRule = "5f0e6c1a-3c77-4d6e-9a01-0000000000a1";
export const watchedFilter = "5f0e6c1a-3c77-4d6e-9a01-0000000000f1";
const shippedRule = "e7f683ba-b405-4375-8e45-5419fe8fd82b";

const text = (points: number) => `title: Goods taken back without a receipt at night
id: ${watchedRule}
logsource:
  product: retail
  service: till
detection:
  selection:
    event_type: pos_refund
    time.open: false
  condition: selection
level: medium

tillwatch:
  category: till_fraud
  level: 1
  points: ${points}
  says: "Goods were taken back while the shop was closed"

tests:
  match:
    - title: "at two in the morning"
      event: { event_type: pos_refund, device: { id: T-01, kind: till }, time: { open: false, hour: 2 } }
  no_match:
    - title: "by day"
      event: { event_type: pos_refund, device: { id: T-01, kind: till }, time: { open: true, hour: 14 } }
`;

const test = (title: string, expected: string, ok = true) => ({
  title,
  expected,
  got: ok ? expected : expected === "match" ? "no_match" : "match",
  ok,
  note: null,
});
const good = {
  ok: true,
  facts: { kind: "rule", title: "Goods taken back", pages: true, narrows: [] as string[] },
  problems: [],
  tests: [test("at two in the morning", "match"), test("by day", "no_match")],
};
const narrowed = ["A refund of more than was paid", "Goods taken back without a receipt at night"];
const goodFilter = {
  ok: true,
  facts: { kind: "filter", title: "Not at the training till", pages: true, narrows: narrowed },
  problems: [],
  tests: [test("at a device of the shop", "match"), test("at the training device", "no_match")],
};
const idleFilter = {
  ...goodFilter,
  ok: false,
  tests: [
    { ...test("a sale", "match", false), note: "no rule that it narrows matches it without the filter" },
    {
      ...test("A refund of more than was paid: the edge", "match", false),
      note: "passes without this filter, and not with it",
    },
    test("at the training device", "no_match"),
  ],
};
const filterText = `title: Not at the training till
id: ${watchedFilter}
description: New cashiers learn at till 99, where nothing is sold.
logsource:
  product: retail
  service: till
filter:
  rules: any
  training:
    device.id: T-99
  condition: not training

tests:
  match:
    - title: "at a device of the shop"
      event: { event_type: pos_refund, device: { id: T-01, kind: till }, time: { open: false, hour: 2 } }
  no_match:
    - title: "at the training device"
      event: { event_type: pos_refund, device: { id: T-99, kind: till }, time: { open: false, hour: 2 } }
`;
const broken = {
  ok: false,
  facts: null,
  problems: [
    {
      code: "sigma_modifier_unknown",
      line: 8,
      column: 5,
      message: 'The modifier "near" does not exist.',
      remedy: "Use one of the modifiers that docs/formats/sigma-semantics.md lists.",
    },
  ],
  tests: [],
};
/** A tab as indentation: YAML has several words for it at one place. */
const tabbed = {
  ok: false,
  facts: null,
  problems: [
    "Tabs are not allowed as indentation",
    "Implicit keys need to be on a single line",
    "A block is missing",
  ].map((message) => ({ code: "sigma_yaml_syntax", line: 9, column: 1, message, remedy: "Write it as YAML." })),
  tests: [],
};
const untested = { ...good, ok: false, tests: [test("at two in the morning", "match", false)] };

const hitDays = (live: readonly number[], shadow: readonly number[] = []) =>
  live.map((hits, at) => ({ day: dayOf(at), live: hits, shadow: shadow[at] ?? 0 }));
const plain = {
  origin: "pack",
  editable: true,
  kind: "rule",
  narrows: [] as string[],
  countedBy: [] as string[],
  state: "active",
  live: 0,
  shadow: null as number | null,
  latest: 0,
  asked: null as { number: number; by: string; at: string } | null,
  level: "high",
  category: "violence",
  triageLevel: 1,
  pages: true,
  shadowJudged: null as { right: number; wrong: number } | null,
};
/** One version runs, and another one watches beside it. */
const filterItem = () => ({
  ...plain,
  id: watchedFilter,
  kind: "filter",
  narrows: narrowed,
  title: "Not at the training till",
  origin: "written",
  service: "till",
  category: "till_fraud",
  level: null,
  live: 1,
  shadow: 2 as number | null,
  latest: 2,
  days: hitDays([3, 2, 0, 4, 1, 2, 2], [5, 4, 1, 6]),
  judged: null,
  shadowJudged: { right: 6, wrong: 1 },
});

type Given = { waits: boolean; runs: boolean; watches: boolean; retired?: boolean };

const backtestOf = ({ number, sha256 }: { number: number; sha256: string }) => ({
  id: "0a1b2c3d-0000-4000-8000-000000000099",
  state: "done",
  subjects: [{ id: watchedRule, number, sha256 }],
});

const quiet = /^\/api\/v1\/(?:silences|dismissals)/;

export class FixtureRules {
  given: Given = { waits: false, runs: false, watches: true };

  backtest: "running" | "done" | "stopped" = "done";
  /** Whether a backtest of the watched version was kept. */
  backtested = false;
  #asked = 0;
  /** What keeps rules quiet stands beside them. */
  readonly #silences = new FixtureSilences();

  get(path: string): unknown {
    if (quiet.test(path)) return this.#silences.get(path);
    if (path === `/api/v1/rules/backtests/${this.#backtestId}`) return this.#backtest();
    if (path === "/api/v1/rules/backtests") return { items: this.backtested ? [this.#line(2)].map(backtestOf) : [] };
    if (path === "/api/v1/rules") return this.#list();
    const [, id, number, hits] = /^\/api\/v1\/rules\/([^/]+)(?:\/versions\/(\d+)(\/hits)?)?$/.exec(path) ?? [];
    const item = this.#list().items.find((one) => one.id === id);
    if (item === undefined) return undefined;
    if (hits !== undefined) return { items: this.#hits() };
    return number === undefined ? { ...item, ...this.#life(item.id) } : this.#version(item.id, Number(number));
  }

  post(path: string, body: unknown): unknown {
    if (quiet.test(path)) return this.#silences.post(path);
    const rule = (body as { readonly rule?: string }).rule ?? "";
    if (path === "/api/v1/rules/check") {
      if (rule.includes("|near")) return broken;
      if (rule.includes("\t")) return tabbed;
      if (rule.includes("filter:")) return rule.includes("pos_sale") ? idleFilter : goodFilter;
      return rule.includes("no_match:") ? good : untested;
    }
    if (path === "/api/v1/rules/backtests") {
      this.#asked += 1;
      return { id: this.#backtestId };
    }
    if (path === `/api/v1/rules/backtests/${this.#backtestId}/cancel`) {
      this.backtest = "stopped";
      return { id: this.#backtestId };
    }
    if (path === "/api/v1/rules") return { id: watchedRule, number: 1, kind: "drafted", live: null };
    const [, act] = /^\/api\/v1\/rules\/[^/]+\/(?:versions\/\d+\/)?([a-z-]+)$/.exec(path) ?? [];
    if (act === "shadow") {
      this.given.watches = true;
      return { id: watchedRule, number: 2, kind: "shadowed", live: null };
    }
    if (act === "activate") {
      this.given.waits = true;
      return { id: watchedRule, number: 2, kind: "signature_asked", live: null };
    }
    if (act === "sign") {
      this.given = { waits: false, runs: true, watches: false };
      return { id: watchedRule, number: 2, kind: "activated", live: 2 };
    }
    if (act === "retire") {
      this.given = { waits: false, runs: false, watches: false, retired: true };
      return { id: watchedRule, number: 2, kind: "retired", live: null };
    }
    if (act === "roll-back" && this.given.retired === true) {
      this.given.waits = true;
      return { id: watchedRule, number: 2, kind: "signature_asked", live: null };
    }
    if (act === "roll-back") {
      this.given = { waits: false, runs: false, watches: false };
      return { id: watchedRule, number: 2, kind: "rolled_back", live: null };
    }
    if (act === "versions") return { id: watchedRule, number: 3, kind: "drafted", live: null };
    return undefined;
  }

  get #backtestId(): string {
    return `0a1b2c3d-0000-4000-8000-${String(this.#asked).padStart(12, "0")}`;
  }

  #backtest() {
    const running = this.backtest === "running";
    const of = (made: number, unmade: number) => ({ before: 40, after: 40 + made - unmade, made, unmade });
    const days = Array.from({ length: 30 }, (_, at) => ({
      day: dayOf(29 - at),
      situation: at % 10 === 5 ? of(0, 0) : of((at * 7) % 9, at % 4 === 0 ? 2 : 0),
      incident: at % 10 === 5 ? of(0, 0) : of((at * 7) % 4, at % 8 === 0 ? 1 : 0),
    }));
    const example = (n: number, kind: string, what: string) => ({
      kind,
      what,
      at: minutesAgo(n * 700),
      siteId: "S-1001",
      severity: 0.91 - n / 20,
      level: 1,
      category: "till_fraud",
      rules: ["Goods taken back without a receipt at night", "Void after payment"].slice(0, 1 + (n % 2)),
      signals: [
        {
          id: `00000000-0000-4000-8000-00000000000${n}`,
          type: "pos_refund",
          at: minutesAgo(n * 700),
          incidentId: kind === "made" ? null : "00000000-0000-4000-8000-0000000000aa",
          incidentRef: kind === "made" ? null : "TW-2026-000117",
        },
      ],
    });
    const done = this.backtest === "done";
    return {
      id: this.#backtestId,
      state: this.backtest,
      askedBy: "user:anna",
      askedAt: minutesAgo(1),
      from: minutesAgo(30 * 24 * 60),
      to: minutesAgo(0),
      rulesBefore: "rules-9f3b2c5d7e8a1046",
      rulesAfter: "rules-0c3b2c5d7e8a1046",
      outdated: false,
      subjects: [],
      share: running ? 0.42 : 1,
      signals: running ? 98_214 : 214_870,
      endedAt: running ? null : minutesAgo(0),
      fault: null,
      since: done ? minutesAgo(20 * 24 * 60) : null,
      quiet: done ? { held: { before: 3, after: 5 }, lowered: { before: 2, after: 2 }, unknown: [] } : null,
      days: done ? days : [],
      examples: done
        ? [
            example(1, "made", "incident"),
            example(2, "made", "incident"),
            { ...example(3, "made", "situation"), held: true },
            example(4, "unmade", "incident"),
          ]
        : [],
    };
  }

  #list() {
    const { waits, runs, watches, retired = false } = this.given;
    const watched = {
      ...plain,
      id: watchedRule,
      title: "Goods taken back without a receipt at night",
      origin: "written",
      service: "till",
      category: "till_fraud",
      state: runs ? "active" : watches ? "shadow" : retired ? "retired" : "draft",
      live: runs ? 2 : null,
      shadow: watches ? 2 : null,
      latest: 2,
      asked: waits ? { number: 2, by: "user:77777777-7777-4777-8777-777777777777", at: minutesAgo(12) } : null,
      days: hitDays([0, 0, 0, 0, 0, 0], [4, 7, 2, 5, 3, 6]),
      judged: runs ? { right: 0, wrong: 0 } : null,
      shadowJudged: watches ? { right: 9, wrong: 2 } : null,
    };
    const items = [
      filterItem(),
      {
        ...plain,
        id: "8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c02",
        title: "A refund of more than was paid",
        service: "till",
        days: hitDays([12, 9, 14, 30, 11, 8, 10, 9, 12, 13, 7, 9, 11, 10]),
        judged: { right: 41, wrong: 23 },
      },
      watched,
      {
        ...plain,
        id: shippedRule,
        title: "Panic button pressed",
        service: "panic_button",
        triageLevel: 3,
        days: hitDays([1, 0, 0, 0, 0, 2]),
        judged: { right: 3, wrong: 0 },
      },
      {
        ...plain,
        id: "5421c351-0bf4-4d4e-909d-fd0b25aeb249",
        title: "Somebody lingers in front of the spirits for minutes on end",
        service: "camera",
        state: "retired",
        live: null,
        days: [],
        judged: null,
      },
    ];
    const rulebook = { version: "rules-9f3b2c5d7e8a1046", revision: 7, fault: null };
    return { items, fromDay: dayOf(13), bar: { share: 0.8, verdictsMin: 20 }, rulebook };
  }

  #life(id: string) {
    const names = { "user:77777777-7777-4777-8777-777777777777": "Nora Hill" };
    const nora = "user:77777777-7777-4777-8777-777777777777";
    const none = { live: null, guarded: false };
    if (id === watchedFilter) return { versions: this.#filterLines(), steps: [], names, back: none };
    if (id !== watchedRule) return { versions: [this.#line(0)], steps: [], names, back: null };
    const { runs, retired = false } = this.given;
    const back = runs ? none : retired ? { live: 2, guarded: true } : null;
    const step = (kind: string, number: number, [minutes, because]: readonly [number, string]) => ({
      kind,
      number,
      liveBefore: null,
      liveAfter: null,
      actor: nora,
      signedBy: null,
      because,
      judged: null,
      at: minutesAgo(minutes),
    });
    const steps = [
      step("shadowed", 2, [6_000, "To see what it finds besides the others."]),
      step("drafted", 2, [6_030, "1,500 points were too many for one sign alone."]),
      step("drafted", 1, [9_000, "Refunds at night were the pattern of the last two cases."]),
    ];
    return { versions: [this.#line(2), this.#line(1)], steps, names, back };
  }

  #line(number: number) {
    const { runs, watches } = this.given;
    const second = runs ? "active" : watches ? "shadow" : "draft";
    const nora = "user:77777777-7777-4777-8777-777777777777";
    return {
      number,
      state: number === 2 ? second : number === 0 ? "active" : "draft",
      title: "Goods taken back without a receipt at night",
      sha256: "ab".repeat(32),
      author: number === 0 ? "pack" : nora,
      because: number === 0 ? "shipped as rules/panic-button.yml" : "1,500 points were too many for one sign alone.",
      at: number === 0 ? null : minutesAgo(6_030),
    };
  }

  #filterLines() {
    const of = { title: "Not at the training till", because: "Everybody learns there since Monday." };
    return [
      { ...this.#line(2), ...of, state: "shadow" },
      { ...this.#line(1), ...of, state: "active" },
    ];
  }

  #version(id: string, number: number) {
    if (id === watchedFilter) {
      const line = this.#filterLines().find((one) => one.number === number);
      return { ...line, id, text: filterText, check: goodFilter, against: null, diff: [] };
    }
    const before = text(1_500);
    const after = number === 2 ? text(900) : before;
    const diff = after.split("\n").flatMap((line, at) => {
      const old = before.split("\n")[at] ?? "";
      if (old === line) return [{ kind: "same", text: line }];
      return [
        { kind: "removed", text: old },
        { kind: "added", text: line },
      ];
    });
    return { ...this.#line(number), id, text: after, check: good, against: number === 2 ? 1 : null, diff };
  }

  #hits() {
    return [3, 60, 400, 1_000].map((minutes, at) => ({
      signalId: `00000000-0000-4000-8000-00000000000${at}`,
      siteId: "S-1001",
      at: minutesAgo(minutes),
      incidentId: at === 1 ? "11111111-1111-4111-8111-111111111111" : null,
      incidentRef: at === 1 ? "TW-2026-000118" : null,
      type: at === 3 ? null : "pos_refund",
      deviceId: at === 3 ? null : "T-04",
    }));
  }
}
