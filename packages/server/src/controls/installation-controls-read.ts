import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import type { Control } from "./control.ts";
import type { PolicyEngine } from "../access/policy/policy-engine.ts";
import type { PolicySet } from "../access/policy/policy-set.ts";
import { homeOrganisation, type Principal } from "../access/principal.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db } from "../schema.ts";

type Deps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly keysFolder: string;
  readonly policies: PolicySet;
  readonly engine: PolicyEngine;
  /** Certificates that somebody relies on, by name. */
  readonly certificates: () => Promise<readonly { readonly name: string; readonly endsAtMs: number }[]>;
};

const clockMsMax = 5_000;
const dayMs = 86_400_000;
const warnDays = 30;
// Columns by which a row is somebody's: a table that has one of them and no row-level security is open to all.
const owned = ["organisation_id", "site_id", "incident_id", "exhibit_id", "situation_id", "endpoint_id", "actor"];

/** Keys, database, policies, clocks, certificates. */
export function installationControls(deps: Deps): readonly Control[] {
  return [
    rowSecurity(deps),
    keyModes(deps),
    policiesReviewed(deps),
    stepUpAsked(deps),
    clocksAgree(deps),
    certificatesLast(deps),
    grantsEnd(deps),
    breakGlassReviewed(deps),
  ];
}

function rowSecurity({ db }: Deps): Control {
  return {
    id: "row_security",
    title: "Row-level security is on",
    says: "No table with rows of somebody that restricted roles may reach is without row-level security.",
    everyMinutes: 60,
    check: async () => {
      const { rows } = await sql<{ table: string; secured: boolean; owned: boolean; writes: boolean }>`
        select c.relname as table, c.relrowsecurity as secured,
          exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = any(${owned}::text[])) as owned,
          bool_or(g.privilege_type <> 'SELECT') as writes
        from pg_class c join information_schema.role_table_grants g
          on g.table_name = c.relname and g.table_schema = c.relnamespace::regnamespace::text
        where c.relkind = 'r' and g.grantee in ('tillwatch_scoped', 'tillwatch_partner')
        group by c.oid, c.relname, c.relrowsecurity`.execute(db);
      const unsecured = rows.filter((row) => !row.secured);
      const open = unsecured.filter((row) => row.owned || row.writes).map((row) => row.table);
      // Read by everybody alike and nobody's in particular: the head of the public log, vocabularies.
      const common = unsecured.filter((row) => !row.owned && !row.writes).map((row) => row.table);
      const ok = open.length === 0 && rows.length > 0;
      const says =
        rows.length === 0
          ? "the restricted roles reach no table"
          : ok
            ? `${rows.length} tables`
            : `without: ${open.join(", ")}`;
      return { ok, says, evidence: { tables: rows.length, open, common } };
    },
  };
}

function keyModes({ keysFolder }: Deps): Control {
  return {
    id: "key_modes",
    title: "Keys are readable by their owner alone",
    says: "No file below keys/ can be read by group or others.",
    everyMinutes: 60,
    check: async () => {
      const files = readdirSync(keysFolder, { recursive: true, encoding: "utf8" }).map((name) =>
        join(keysFolder, name),
      );
      const secret = [keysFolder, ...files.filter((path) => !isPublic(path))];
      const loose = secret.filter((path) => (statSync(path).mode & 0o077) !== 0);
      const names = loose.map((path) => path.slice(keysFolder.length + 1) || "the folder");
      const says = loose.length === 0 ? `${files.length} files` : `open to others: ${names.join(", ")}`;
      return { ok: loose.length === 0, says, evidence: { files: files.length, open: names } };
    },
  };
}

// Certificates and verifier keys are for everybody.
function isPublic(path: string): boolean {
  return /\.(pem|crt|pub|vkey)$/.test(path);
}

function policiesReviewed({ policies, clock }: Deps): Control {
  return {
    id: "policies_reviewed",
    title: "Policies are reviewed in time",
    says: "No policy is past the day on which it was to be reviewed.",
    everyMinutes: 24 * 60,
    check: async () => {
      const today = new Date(clock()).toISOString().slice(0, 10);
      const late = [...policies.policies].filter(([, note]) => note.review < today).map(([id]) => id);
      const says = late.length === 0 ? `${policies.policies.size} policies` : `to be reviewed: ${late.join(", ")}`;
      return {
        ok: late.length === 0,
        says,
        evidence: { policies: policies.policies.size, late, version: policies.version },
      };
    },
  };
}

/** Asks the policies themselves: a release without a second proof must be refused, whoever asks. */
function stepUpAsked({ engine, clock }: Deps): Control {
  const counsel: Principal = {
    token: "user:control",
    kind: "person",
    organisationId: homeOrganisation,
    roles: ["counsel"],
    sites: null,
    regions: null,
    scopes: null,
    sessionId: null,
    signedInAtMs: null,
    steppedUpAtMs: null,
  };
  return {
    id: "step_up_asked",
    title: "A release needs a second proof",
    says: "The policies refuse to release a packet, to use break-glass and to decide on one without a fresh second proof.",
    everyMinutes: 60,
    check: async () => {
      const site = { id: "control", organisationId: homeOrganisation, region: null, country: null, kind: "store" };
      const facts = {
        kind: "packet",
        id: "control",
        incidentId: "control",
        site,
        sensitivity: "normal",
        reporter: null,
        owner: null,
        subjects: [],
        sharedWith: [],
      } as const;
      const circumstances = {
        nowMs: clock(),
        steppedUp: false,
        granted: false,
        breakGlass: false,
        purpose: "legal_claim",
        ground: "legal_claim",
      };
      const decision = engine.decide({ principal: counsel, action: "packet:release", facts, circumstances });
      const ok = decision.kind === "refused" && decision.code === "step_up_required";
      const answered = decision.kind === "refused" ? decision.code : decision.kind;
      return { ok, says: ok ? "asked for" : `a release was answered: ${answered}`, evidence: { answered } };
    },
  };
}

function clocksAgree({ db, clock }: Deps): Control {
  return {
    id: "clocks_agree",
    title: "Clocks agree",
    says: "The database's clock is within five seconds of ours: times in the record mean something.",
    everyMinutes: 15,
    check: async () => {
      const beforeMs = clock();
      const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(db);
      const middleMs = (beforeMs + clock()) / 2;
      const apartMs = Math.round((rows[0]?.at.getTime() ?? 0) - middleMs);
      const ok = Math.abs(apartMs) <= clockMsMax;
      return { ok, says: `${apartMs} ms apart`, evidence: { apartMs } };
    },
  };
}

function certificatesLast({ certificates, clock }: Deps): Control {
  return {
    id: "certificates_last",
    title: "Certificates do not run out",
    says: "No certificate that devices or browsers rely on ends within 30 days.",
    everyMinutes: 12 * 60,
    check: async () => {
      const all = (await certificates()).map(({ name, endsAtMs }) => ({
        name,
        days: Math.floor((endsAtMs - clock()) / dayMs),
      }));
      const soon = all.filter((one) => one.days < warnDays);
      const says =
        soon.length === 0
          ? `${all.length} certificates`
          : soon.map((one) => `${one.name} ends in ${one.days} days`).join(", ");
      return { ok: soon.length === 0, says, evidence: { certificates: all } };
    },
  };
}

/** Access for a time ends: what is past its end is not in force, and nothing was granted without an end or by the one who got it. */
function grantsEnd({ db, clock }: Deps): Control {
  return {
    id: "grants_end",
    title: "Access for a time ends",
    says: "No grant is in force without an end, beyond 30 days, or approved by whoever got it.",
    everyMinutes: 60,
    check: async () => {
      const now = new Date(clock()).toISOString();
      const { rows } = await sql<{ active: number; wrong: string[] }>`
        select count(*) filter (where ends_at > ${now}::timestamptz) as active,
          coalesce(array_agg(id::text) filter (where ends_at is null or ends_at > asked_at + interval '60 days'
            or (kind = 'granted' and decided_by is not distinct from actor)), '{}') as wrong
        from access_grant where state = 'active'`.execute(db);
      const { active = 0, wrong = [] } = rows[0] ?? {};
      const says = wrong.length === 0 ? `${active} in force` : `without a sound end or approval: ${wrong.length}`;
      return { ok: wrong.length === 0, says, evidence: { active, wrong: wrong.slice(0, 20) } };
    },
  };
}

function breakGlassReviewed({ db, clock }: Deps): Control {
  return {
    id: "break_glass_reviewed",
    title: "Emergency access is reviewed",
    says: "Every use of break-glass was reviewed by another person within 24 hours.",
    everyMinutes: 15,
    check: async () => {
      const now = new Date(clock()).toISOString();
      const { rows } = await sql<{ all: number; late: string[] }>`
        select count(*) as all,
          coalesce(array_agg(id::text) filter (where reviewed_at is null and review_by < ${now}::timestamptz), '{}') as late
        from access_grant where kind = 'break_glass'`.execute(db);
      const { all = 0, late = [] } = rows[0] ?? {};
      const says =
        late.length === 0 ? `${all} uses, none waits too long` : `${late.length} of ${all} uses wait for their review`;
      return { ok: late.length === 0, says, evidence: { uses: all, late: late.slice(0, 20) } };
    },
  };
}
