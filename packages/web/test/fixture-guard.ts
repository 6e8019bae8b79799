import type { AuditExportView, ConfigurationStateView, ControlView, MisuseCaseView } from "@tillwatch/wire";

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const person = "user:7f3a2b1c-0000-4000-8000-000000000001";

/** Whom the tokens stand for. */
export const colleagues = { [person]: "Joost de Wit", "user:0d9e": "Dina Haddad" };

/** What the record's own guards show: exports, cases of misuse, controls, changes. */
export function auditExports(): AuditExportView[] {
  const common = {
    question: { did: "saw" },
    because: "A customer complained",
    askedBy: person,
    problem: null,
  } as const;
  return [
    {
      ...common,
      id: "77777777-7777-4777-8777-777777777771",
      says: "Who saw exhibit 22222222-2222-4222-8222-222222222222",
      askedAt: minutesAgo(3),
      state: "ready",
      entries: 4,
      treeSize: 1842,
      readyAt: minutesAgo(3),
      bytes: 48_000,
    },
    {
      ...common,
      id: "77777777-7777-4777-8777-777777777772",
      says: "What happened",
      askedAt: minutesAgo(60),
      state: "failed",
      problem: "the answer has more than 50000 entries; ask for a shorter time",
      entries: null,
      treeSize: null,
      readyAt: null,
      bytes: null,
    },
  ];
}

export function misuseList() {
  const common = {
    grouped: { actor: person },
    actor: person,
    decidedBy: null,
    decidedAt: null,
    because: null,
  } as const;
  const items: MisuseCaseView[] = [
    {
      ...common,
      id: "88888888-8888-4888-8888-888888888881",
      rule: "r1",
      title: "Browsing outside of working hours",
      level: "medium",
      says: `${person} looked at 3 things within an hour while the site was closed`,
      counted: 3,
      firstAt: minutesAgo(30),
      lastAt: minutesAgo(20),
      openedAt: minutesAgo(19),
      state: "open",
    },
    {
      ...common,
      id: "88888888-8888-4888-8888-888888888882",
      rule: "r2",
      title: "A search for one's own name or street",
      level: "high",
      says: `${person} searched for words in which a private interest is on record`,
      counted: 1,
      firstAt: minutesAgo(900),
      lastAt: minutesAgo(900),
      openedAt: minutesAgo(899),
      state: "explained",
      decidedBy: "user:0d9e",
      decidedAt: minutesAgo(700),
      because: "The same name as a supplier",
    },
  ];
  const rules = items.map(({ rule, title, level }) => ({
    id: rule,
    title,
    level,
    description: "Three or more looks within an hour.",
  }));
  return { items, names: colleagues, rules, watch: { readAt: minutesAgo(0), behind: 0 } };
}

export function controlViews(): ControlView[] {
  const run = (ok: boolean, says: string) => ({
    at: minutesAgo(4),
    ok,
    says,
    evidence: { checked: 1842 },
    askedBy: "machine",
  });
  return [
    {
      id: "log_verifies",
      title: "The record verifies",
      says: "Every entry is what the log holds.",
      everyMinutes: 1440,
      ok: true,
      runs: [run(true, "1842 entries recomputed, all as signed")],
    },
    {
      id: "row_security",
      title: "Row-level security is on",
      says: "No table that restricted roles may reach is without it.",
      everyMinutes: 60,
      ok: false,
      runs: [run(false, "without: incident")],
    },
    { id: "clocks_agree", title: "Clocks agree", says: "Within five seconds.", everyMinutes: 15, ok: null, runs: [] },
  ];
}

export function configurationStates(): ConfigurationStateView[] {
  return [
    {
      number: 2,
      at: minutesAgo(120),
      because: "Fewer false alarms at the gates, asked for by the region",
      reasonKnown: true,
      parts: {},
      changes: [{ part: "score", path: "incident_threshold", before: "0.9", after: "0.85" }],
      auditId: "99999999-9999-4999-8999-999999999992",
    },
    {
      number: 1,
      at: minutesAgo(9_000),
      because: "unknown: nobody gave a reason (TILLWATCH_CHANGE_REASON, or the pack's CHANGES)",
      reasonKnown: false,
      parts: {},
      changes: [{ part: "rules", path: "rules/scream.yml", before: "a3f0", after: null }],
      auditId: "99999999-9999-4999-8999-999999999991",
    },
  ];
}
