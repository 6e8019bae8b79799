import { sql } from "kysely";
import type { ExhibitReceived, JsonObject } from "@tillwatch/wire";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import { nodeSha256 } from "../platform/node-crypto.ts";
import { sweepVault, type StoredObject, type Vault } from "../platform/vault.ts";
import type { Db, Tx } from "../schema.ts";
import { pointerDigest, type ExhibitFacts, type Pointer } from "./exhibit.ts";
import { exhibitById, knownExhibitObjects } from "./exhibit-read.ts";
import { insertExhibit, insertPointer, recordTouch, type Touch } from "./exhibit-store.ts";

/** A line on the incident's timeline; the incident stage writes it, in the same transaction. */
export type TimelineLine = {
  readonly id: string;
  readonly incidentId: string;
  readonly kind: "exhibit" | "packet";
  readonly atMs: number;
  readonly says: string;
  readonly actor: string;
  readonly detail: JsonObject;
};
export type AddTimeline = (tx: Tx, lines: readonly TimelineLine[]) => Promise<void>;

export type ExhibitDeps = {
  readonly db: Db;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly chance: Chance;
  /** The human reference of an incident, null where there is none. */
  readonly incidentRefOf: (db: Db, id: string) => Promise<string | null>;
  readonly addTimeline: AddTimeline;
  /** Called after the commit, so that screens follow. */
  readonly incidentChanged: (incidentId: string) => void;
  readonly exhibitBytesMax: number;
};

/** Who brings or takes, why, and on what authority: part of every custody entry. */
export type Hand = { readonly token: string; readonly why: string; readonly authority: string };

export type DigestMismatch = {
  readonly code: "exhibit_digest_mismatch";
  readonly claimed: string;
  readonly received: string;
};

/**
 * Records bytes that are in the vault as an exhibit, or, where the capturing device claimed another digest, puts the refusal on the
 * record and deletes them. If the transaction fails, the object goes too: a broken upload leaves nothing.
 */
export async function recordExhibit(
  deps: ExhibitDeps,
  arrival: {
    readonly id: string;
    readonly incidentId: string;
    readonly facts: ExhibitFacts;
    readonly stored: StoredObject;
    readonly hand: Hand;
  },
): Promise<ExhibitReceived | DigestMismatch> {
  const { facts, stored, id } = arrival;
  const matches = facts.claimedSha256 === null || facts.claimedSha256 === stored.sha256;
  try {
    if (matches) await deps.db.transaction().execute((tx) => recordArrival(deps, tx, arrival));
    else await deps.db.transaction().execute((tx) => recordMismatch(deps, tx, arrival));
  } catch (fault) {
    await deps.vault.objects.delete(stored.objectKey);
    throw fault;
  }
  if (matches) {
    deps.incidentChanged(arrival.incidentId);
    return { id, sha256: stored.sha256, bytes: stored.bytes };
  }
  await deps.vault.objects.delete(stored.objectKey);
  return { code: "exhibit_digest_mismatch", claimed: facts.claimedSha256 ?? "", received: stored.sha256 };
}

type Arriving = Parameters<typeof recordExhibit>[1];

async function recordArrival(deps: ExhibitDeps, tx: Tx, arrival: Arriving): Promise<void> {
  const { id, incidentId, facts, stored, hand } = arrival;
  const nowMs = deps.clock();
  await insertExhibit(tx, { id, incidentId, receivedAtMs: nowMs, receivedBy: hand.token, facts, stored });
  const common = { exhibitId: id, incidentId, digest: stored.sha256, authority: hand.authority };
  const capturedAtMs = facts.capturedAt === null ? Number.NaN : Date.parse(facts.capturedAt);
  if (facts.claimedSha256 !== null && !Number.isNaN(capturedAtMs)) {
    // The device hashed at capture and we got the same bytes: the chain begins there (I01), by the device's clock.
    const captured: Touch = {
      ...common,
      action: "captured",
      atMs: capturedAtMs,
      who: facts.source,
      what: `${facts.name}, as stated by the capturing device`,
      why: "captured at the source",
      auditKind: "exhibit.captured",
    };
    await recordTouch(tx, captured, deps.chance);
  }
  const detail = { bytes: stored.bytes, mediaType: facts.mediaType, exhibitKind: facts.kind, source: facts.source };
  const received: Touch = {
    ...common,
    action: "received",
    atMs: nowMs,
    who: hand.token,
    what: `${facts.name}, ${stored.bytes} bytes`,
    why: hand.why,
    auditKind: "exhibit.received",
    detail: { ...detail, claimedSha256: facts.claimedSha256 },
  };
  await recordTouch(tx, received, deps.chance);
  const line: TimelineLine = {
    id: deps.chance.uuid(),
    incidentId,
    kind: "exhibit",
    atMs: nowMs,
    says: `Exhibit received: ${facts.name}`,
    actor: hand.token,
    detail: { exhibitId: id, sha256: stored.sha256, bytes: stored.bytes, mediaType: facts.mediaType },
  };
  await deps.addTimeline(tx, [line]);
}

async function recordMismatch(deps: ExhibitDeps, tx: Tx, arrival: Arriving): Promise<void> {
  const { id, incidentId, facts, stored, hand } = arrival;
  const record = {
    kind: "exhibit.refused",
    actor: hand.token,
    subject: { kind: "incident", id: incidentId },
    because: "exhibit_digest_mismatch",
    atMs: deps.clock(),
    body: {
      exhibitId: id,
      claimedSha256: facts.claimedSha256,
      receivedSha256: stored.sha256,
      bytes: stored.bytes,
      source: facts.source,
    },
  };
  await appendAudit(tx, [record], deps.chance);
}

/** Records a pointer: the media stays with its holder, its digest (where stated) is kept for the day it is fetched. */
export async function recordPointer(
  deps: ExhibitDeps,
  input: {
    readonly incidentId: string;
    readonly pointer: Pointer;
    readonly facts: Pick<ExhibitFacts, "name" | "capturedAt" | "source" | "note">;
    readonly hand: Hand;
  },
): Promise<string> {
  const { incidentId, pointer, facts, hand } = input;
  const id = deps.chance.uuid();
  const nowMs = deps.clock();
  const known = pointerDigest(nodeSha256, pointer);
  await deps.db.transaction().execute(async (tx) => {
    await insertPointer(tx, { id, incidentId, receivedAtMs: nowMs, receivedBy: hand.token, pointer, ...facts });
    const touch: Touch = {
      exhibitId: id,
      incidentId,
      action: "received",
      atMs: nowMs,
      who: hand.token,
      what: `pointer to ${facts.name}; the digest is of the ${known.of}`,
      why: hand.why,
      authority: hand.authority,
      digest: known.sha256,
      auditKind: "exhibit.pointer_received",
      detail: {
        mediaType: pointer.mediaType,
        mediaSha256: pointer.sha256,
        mediaBytes: pointer.bytes,
        source: facts.source,
      },
    };
    await recordTouch(tx, touch, deps.chance);
    const line: TimelineLine = {
      id: deps.chance.uuid(),
      incidentId,
      kind: "exhibit",
      atMs: nowMs,
      says: `Pointer to media recorded: ${facts.name}`,
      actor: hand.token,
      detail: { exhibitId: id, mediaType: pointer.mediaType },
    };
    await deps.addTimeline(tx, [line]);
  });
  deps.incidentChanged(incidentId);
  return id;
}

// A player reads one video in many ranges: those that follow a look of the same person belong to it.
const sameLookMs = 10 * 60_000;

/** Puts on the record that somebody takes out the bytes. Commit it before the first byte leaves. */
export async function recordAccess(
  deps: Pick<ExhibitDeps, "db" | "clock" | "chance">,
  look: { readonly exhibitId: string; readonly hand: Hand; readonly what: string; readonly continues: boolean },
): Promise<void> {
  const { exhibitId, hand } = look;
  const nowMs = deps.clock();
  await deps.db.transaction().execute(async (tx) => {
    const exhibit = await exhibitById(tx, exhibitId);
    if (exhibit === null || exhibit.sha256 === null) throw new Error(`exhibit ${exhibitId} vanished`);
    if (look.continues && (await lookedLately(tx, exhibitId, { who: hand.token, sinceMs: nowMs - sameLookMs }))) return;
    const touch: Touch = {
      exhibitId,
      incidentId: exhibit.incidentId,
      action: "accessed",
      atMs: nowMs,
      who: hand.token,
      what: look.what,
      why: hand.why,
      authority: hand.authority,
      digest: exhibit.sha256,
      auditKind: "exhibit.accessed",
    };
    await recordTouch(tx, touch, deps.chance);
  });
}

async function lookedLately(tx: Tx, exhibitId: string, look: { who: string; sinceMs: number }): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select 1 from audit_entry where subject_kind = 'exhibit' and subject_id = ${exhibitId}
      and kind = 'exhibit.accessed' and actor = ${look.who}
      and at >= ${new Date(look.sinceMs).toISOString()}::timestamptz) as found`.execute(tx);
  return rows[0]?.found === true;
}

/** Puts on the record that an exhibit's bytes are not what was received: the worst thing that can happen to one. */
export async function recordDamage(
  deps: Pick<ExhibitDeps, "db" | "clock" | "chance">,
  exhibitId: string,
  says: string,
): Promise<void> {
  await deps.db.transaction().execute(async (tx) => {
    const exhibit = await exhibitById(tx, exhibitId);
    if (exhibit === null || exhibit.sha256 === null) return;
    const touch: Touch = {
      exhibitId,
      incidentId: exhibit.incidentId,
      action: "verified",
      atMs: deps.clock(),
      who: "machine",
      what: `verification FAILED: ${says}`,
      why: "the stored bytes were read",
      authority: "machine",
      digest: exhibit.sha256,
      auditKind: "exhibit.damaged",
      detail: { found: says },
    };
    await recordTouch(tx, touch, deps.chance);
  });
}

/** A refused deletion, on the record (I03). */
export async function recordDeleteAttempt(
  deps: Pick<ExhibitDeps, "db" | "clock" | "chance">,
  exhibitId: string,
  hand: Hand,
): Promise<void> {
  const record = {
    kind: "exhibit.delete_refused",
    actor: hand.token,
    subject: { kind: "exhibit", id: exhibitId },
    because: "exhibit_immutable",
    atMs: deps.clock(),
    body: { authority: hand.authority, why: hand.why },
  };
  await deps.db.transaction().execute((tx) => appendAudit(tx, [record], deps.chance));
}

/** Puts on the record that an exhibit's bytes go into a packet. */
export async function recordCopy(
  tx: Tx,
  copy: { readonly exhibitId: string; readonly packetId: string; readonly hand: Hand; readonly atMs: number },
  chance: Chance,
): Promise<void> {
  const exhibit = await exhibitById(tx, copy.exhibitId);
  if (exhibit === null || exhibit.sha256 === null) throw new Error(`exhibit ${copy.exhibitId} vanished`);
  const touch: Touch = {
    exhibitId: copy.exhibitId,
    incidentId: exhibit.incidentId,
    action: "copied",
    atMs: copy.atMs,
    who: copy.hand.token,
    what: `the whole content, into packet ${copy.packetId}`,
    why: copy.hand.why,
    authority: copy.hand.authority,
    digest: exhibit.sha256,
    auditKind: "exhibit.copied",
    detail: { packetId: copy.packetId },
  };
  await recordTouch(tx, touch, chance);
}

// An upload that was stored must be committed within this time, or its object counts as left over.
const commitWithinMs = 3_600_000;

/** Run at start: removes objects of uploads that a crash cut off before their commit. Answers how many. */
export function sweepExhibits(deps: Pick<ExhibitDeps, "db" | "vault" | "clock">): Promise<number> {
  const known = (keys: readonly string[]) => knownExhibitObjects(deps.db, keys);
  return sweepVault(deps.vault, { prefix: "exhibits/", known, olderThanMs: deps.clock() - commitWithinMs });
}
