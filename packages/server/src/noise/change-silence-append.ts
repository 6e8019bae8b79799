import { ok, refused, type JsonObject, type Result } from "@tillwatch/wire";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Db, Tx } from "../schema.ts";
import { checkSilence, type SilenceRefusal, type SilenceWorld, type WantedSilence } from "./check-silence.ts";
import {
  insertSilence,
  lockSilence,
  markEnded,
  markSigned,
  silenceById,
  silencesAhead,
  silenceSubject,
  takeExpired,
  type SilenceRow,
} from "./silence-store.ts";

export type SilenceDeps = {
  readonly db: Db; // as whoever asks may see it
  readonly vault: FieldVault;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly tell: TellEnd;
};

/** Tells those outside who want to know that a silence is over: tokens and numbers only. In the transaction of its end. */
export type TellEnd = (
  tx: Tx,
  told: {
    readonly event: "silence.ended";
    readonly organisationId: string;
    readonly data: Readonly<Record<string, string | number | null>>;
    readonly atMs: number;
  },
) => Promise<void>;

type Asked = { readonly actor: string; readonly organisationId: string };

/** In force and to come, of one organisation. */
export const silencesMax = 200;

/** A new silence with its entry of the record, or the first thing that is wrong with it. */
export async function makeSilence(
  { db, vault, clock, chance }: SilenceDeps,
  asked: Asked & { readonly wanted: WantedSilence; readonly world: Omit<SilenceWorld, "nowMs"> },
): Promise<Result<string, SilenceRefusal | { readonly code: "silence_too_many"; readonly most: number }>> {
  const { actor, organisationId, wanted } = asked;
  const nowMs = clock();
  const checked = checkSilence(wanted, { ...asked.world, nowMs });
  if (!checked.ok) return checked;
  const { startsAtMs, endsAtMs } = checked.value;
  const { ruleId, siteId, zoneId, deviceId, category, level } = wanted;
  const because = wanted.because.trim();
  return db.transaction().execute(async (tx) => {
    if ((await silencesAhead(tx, { organisationId, nowMs })) >= silencesMax) {
      return refused({ code: "silence_too_many" as const, most: silencesMax });
    }
    const id = chance.uuid();
    const sealed = await vault.seal(tx, silenceSubject(id), because);
    const matches = { ruleId, siteId, zoneId, deviceId, category, level };
    await insertSilence(tx, {
      id,
      ...matches,
      organisationId,
      because: sealed,
      madeBy: actor,
      startsAtMs,
      endsAtMs,
      nowMs,
    });
    const body = { ...bodyOf(matches), starts_at: isoOf(startsAtMs), ends_at: isoOf(endsAtMs) };
    const entry = { kind: "silence.made", actor, subject: { kind: "silence", id }, because, atMs: nowMs, body };
    await appendAudit(tx, [{ ...entry, organisationId, ...(siteId === null ? {} : { siteId }) }], chance);
    return ok(id);
  });
}

export type StepRefusal =
  | "silence_unknown"
  | "silence_reason_missing"
  | "silence_everywhere_refused"
  | "silence_over"
  | "silence_signature_not_needed"
  | "silence_second_person_needed";

type Step = Asked & {
  readonly id: string;
  readonly step: "signed" | "ended";
  readonly because: string;
};

/** Another person's signature under a silence of level 2, or the end of one before its time. */
export async function changeSilence(deps: SilenceDeps, asked: Step): Promise<Result<null, StepRefusal>> {
  const { db, vault, clock, chance, tell } = deps;
  const { id, step, actor, organisationId } = asked;
  const because = asked.because.trim();
  const nowMs = clock();
  return db.transaction().execute(async (tx) => {
    const row = await lockSilence(tx, id);
    // The wall keeps what is of every site from being changed by who is bound to some: he sees it, and may not lock it.
    if (row === null) {
      return refused((await silenceById(tx, id)) === null ? "silence_unknown" : "silence_everywhere_refused");
    }
    const refusal = because === "" ? ("silence_reason_missing" as const) : refusalOf(row, { step, actor, nowMs });
    if (refusal !== null) return refused(refusal);
    const sealed = await vault.seal(tx, silenceSubject(id), because);
    const done = { id, actor, because: sealed, nowMs };
    if (step === "signed") await markSigned(tx, done);
    else await markEnded(tx, done);
    const { siteId } = row;
    const entry = { kind: `silence.${step}`, actor, subject: { kind: "silence", id }, because, atMs: nowMs };
    const body = { ...bodyOf(row), owner: row.madeBy, ends_at: row.endsAt.toISOString() };
    await appendAudit(tx, [{ ...entry, body, organisationId, ...(siteId === null ? {} : { siteId }) }], chance);
    if (step === "ended") {
      const data = { id, siteId, owner: row.madeBy, how: "ended", by: actor };
      await tell(tx, { event: "silence.ended", organisationId, data, atMs: nowMs });
    }
    return ok(null);
  });
}

function refusalOf(
  row: SilenceRow,
  { step, actor, nowMs }: { step: Step["step"]; actor: string; nowMs: number },
): StepRefusal | null {
  if (row.endedAt !== null || row.endsAt.getTime() <= nowMs) return "silence_over";
  if (step === "ended") return null;
  if (row.level === 1 || row.signedAt !== null) return "silence_signature_not_needed";
  return row.madeBy === actor ? "silence_second_person_needed" : null;
}

/** What the machine does when the time of silences is over: an entry each, with how many cases it held back. */
export async function expireSilences({ db, clock, chance, tell }: Omit<SilenceDeps, "vault">): Promise<number> {
  const nowMs = clock();
  return db.transaction().execute(async (tx) => {
    const expired = await takeExpired(tx, nowMs);
    await appendAudit(
      tx,
      expired.map(({ id, organisationId, siteId, madeBy, hidden }) => ({
        kind: "silence.expired",
        actor: "machine",
        subject: { kind: "silence", id },
        because: "its time is over",
        atMs: nowMs,
        organisationId,
        ...(siteId === null ? {} : { siteId }),
        body: { owner: madeBy, hid: hidden },
      })),
      chance,
    );
    for (const { id, organisationId, siteId, madeBy, hidden } of expired) {
      const data = { id, siteId, owner: madeBy, how: "expired", hid: hidden };
      await tell(tx, { event: "silence.ended", organisationId, data, atMs: nowMs });
    }
    return expired.length;
  });
}

function bodyOf(of: Omit<WantedSilence, "because" | "startsAtMs" | "endsAtMs">): JsonObject {
  const { ruleId, siteId, zoneId, deviceId, category, level } = of;
  const matches = { rule: ruleId, site: siteId, zone: zoneId, device: deviceId, category, level };
  return Object.fromEntries(Object.entries(matches).filter(([, value]) => value !== null));
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
