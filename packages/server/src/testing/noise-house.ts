import type { TestContext } from "node:test";
import { sql } from "kysely";
import type { IncidentChange } from "../flow.ts";
import { incidentStage } from "../incident/incident-stage.ts";
import { openTaxonomies } from "../incident/taxonomy-store.ts";
import { savePackContent } from "../decision/decision-store.ts";
import { announcements, type Announcement } from "../notify/notify.ts";
import { insertSilence, markEnded, markSigned, type NewSilence } from "../noise/silence-store.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import { systemChance } from "../platform/chance.ts";
import type { OpenDatabase } from "../schema.ts";
import type { SignalLog } from "../signal/signal-log-store.ts";
import { noonMs, signalOf } from "./canonical.ts";
import { testPack } from "./pack.ts";
import { pipelineRig } from "./pipeline-rig.ts";

const minute = 60_000;

/** Ids of the rules of the test's pack. */
export const shopRules = {
  lingering: "8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c01",
  voided: "8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c02",
  exit: "8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c03",
  panic: "8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c04",
};

/** A rule of level 2, tampering, in place of the others of the test's pack. */
export const jammedRule = `
title: Gate jammed
id: 8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c05
logsource: { product: retail, service: eas_gate }
detection:
  selection: { event_type: eas_gate_jammed }
  condition: selection
level: high
tillwatch: { category: tamper, level: 2, points: 7500, says: The gate was jammed }
`;

export const exitAlarm = (name: string, atMs: number, more: { readonly receivedAtMs?: number } = {}) =>
  signalOf({ type: "eas_alarm", name, deviceId: "G-1", atMs, data: { direction: "out" }, ...more });
export const voidedSale = (name: string, atMs: number) =>
  signalOf({ type: "pos_void", name, deviceId: "T-1", atMs, data: { after_payment: true } });
export const panicPressed = (name: string, atMs: number) =>
  signalOf({ type: "panic_button", name, deviceId: "P-1", atMs });

/** Log, pipeline and cases over one database; `told` is what leaves the house, `changes` what the stages hand on. */
export async function noiseHouse(context: TestContext, database: OpenDatabase, pack: LoadedPack = testPack()) {
  const { db } = database;
  await sql`insert into organisation (id, name, kind, created_at) values ('home', 'Home', 'retailer', now()) on conflict do nothing`.execute(
    db,
  );
  await sql`insert into site (id, organisation_id, listed) values ('S-1', 'home', true) on conflict do nothing`.execute(
    db,
  );
  const taxonomies = await openTaxonomies(db, pack.taxonomy, noonMs);
  if (!taxonomies.ok) throw new Error(taxonomies.error.code);
  await savePackContent(db, pack.contents, noonMs);
  const time = { nowMs: noonMs + 60 * minute };
  const told: Announcement[] = [];
  const changes: IncidentChange[] = [];
  const rig = await pipelineRig(database, {
    pack,
    clock: () => time.nowMs,
    work: ({ fields, directory }) => ({
      incident: incidentStage({
        chance: systemChance,
        fields,
        needs: () => ({ taxonomies: taxonomies.value, places: directory }),
      }),
      respond: async () => {},
      notify: async (made) => {
        changes.push(...made);
        told.push(...announcements(made));
      },
    }),
  });
  context.after(() => rig.log.close());
  const worker = rig.worker();
  const signal = async (...signals: Parameters<SignalLog["append"]>[0]) => {
    await rig.log.append(signals);
    await worker.drain();
  };
  const inTx = <T>(work: (tx: Parameters<typeof insertSilence>[0]) => Promise<T>) => db.transaction().execute(work);
  const silence = async (edit: Partial<NewSilence> = {}) => {
    const id = systemChance.uuid();
    const made: NewSilence = {
      id,
      organisationId: "home",
      ruleId: shopRules.exit,
      siteId: "S-1",
      zoneId: null,
      deviceId: null,
      category: null,
      level: 1,
      startsAtMs: noonMs,
      endsAtMs: noonMs + 60 * minute,
      because: "the gate is being mended",
      madeBy: "user:anna",
      nowMs: noonMs - minute,
      ...edit,
    };
    await inTx((tx) => insertSilence(tx, made));
    return id;
  };
  const step = { because: "as asked" };
  const sign = (id: string, nowMs: number) => inTx((tx) => markSigned(tx, { id, actor: "user:bob", nowMs, ...step }));
  const end = (id: string, nowMs: number) => inTx((tx) => markEnded(tx, { id, actor: "user:anna", nowMs, ...step }));
  const cases = async () => {
    const { rows } = await sql<{ id: string; state: string; severity: number }>`
      select id::text, state, severity from incident order by opened_at, id`.execute(db);
    return rows;
  };
  const entries = async (kind: string) => {
    const { rows } = await sql<{ subject_id: string; because: string; body: string; organisation_id: string }>`
      select subject_id, because, body, organisation_id from audit_entry where kind = ${kind} order by at, id`.execute(
      db,
    );
    return rows;
  };
  return { ...rig, db, time, told, changes, worker, signal, silence, sign, end, cases, entries, pack };
}

export type NoiseHouse = Awaited<ReturnType<typeof noiseHouse>>;
