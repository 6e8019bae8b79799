import { sql } from "kysely";
import type { ExhibitReceived, JsonObject } from "@tillwatch/wire";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import { sweepVault, type StoredObject, type Vault } from "../platform/keys/vault.ts";
import type { Db, Tx } from "../schema.ts";
import { incidentSubject } from "../subjects.ts";
import { pointerDigest, type ExhibitFacts, type Pointer } from "./exhibit.ts";
import { copyFor, type CopyAsking } from "./copy-asking-store.ts";
import type { ExhibitCamera } from "./copy-read.ts";
import type { MediaKind } from "./media-kind.ts";
import { exhibitById, knownExhibitObjects } from "./exhibit-read.ts";
import { insertExhibit, insertPointer, recordTouch, sealedDigestField, type Touch } from "./exhibit-store.ts";

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
  readonly fields: FieldVault;
  readonly clock: Clock;
  readonly chance: Chance;
  /** The human reference of an incident, null where there is none. */
  readonly incidentRefOf: (db: Db, id: string) => Promise<string | null>;
  readonly addTimeline: AddTimeline;
  /** Called after the commit, so that screens follow. */
  readonly incidentChanged: (incidentId: string) => void;
  readonly exhibitBytesMax: number;
  readonly asking: CopyAsking;
};

/**
 * Who brings or takes, why, and on what authority: part of every custody entry. `inOwnWords`: the reason is a person's, and is sealed before
 * it is written anywhere.
 */
export type Hand = {
  readonly token: string;
  readonly why: string;
  readonly inOwnWords?: boolean;
  readonly authority: string;
};

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
    readonly camera: ExhibitCamera;
    readonly mediaKind: MediaKind["kind"];
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
  const { id, incidentId, stored, camera, mediaKind } = arrival;
  const { facts, hand } = await sealed(tx, deps, arrival);
  const nowMs = deps.clock();
  await insertExhibit(tx, {
    id,
    incidentId,
    receivedAtMs: nowMs,
    receivedBy: hand.token,
    facts,
    stored,
    camera,
    mediaKind,
  });
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
    detail: {
      ...detail,
      ...camera,
      mediaKind,
      claimedSha256: facts.claimedSha256,
      [sealedDigestField]: stored.sealedSha256,
    },
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
  if (mediaKind !== "document") await copyFor(tx, deps.asking, { exhibitId: id, incidentId, purpose: null });
}

async function recordMismatch(deps: ExhibitDeps, tx: Tx, arrival: Arriving): Promise<void> {
  const { id, incidentId, stored } = arrival;
  const { facts, hand } = await sealed(tx, deps, arrival);
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
  const { incidentId } = input;
  const id = deps.chance.uuid();
  const nowMs = deps.clock();
  const known = pointerDigest(nodeSha256, input.pointer);
  await deps.db.transaction().execute(async (tx) => {
    const { facts, hand } = await sealed(tx, deps, input);
    const uri = await deps.fields.seal(tx, incidentSubject(incidentId), input.pointer.uri);
    const pointer: Pointer = { ...input.pointer, uri };
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

// A device id or a person's token is nobody's name; anything else may be.
const plainSource = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;

type Said<Facts> = { readonly incidentId: string; readonly facts: Facts; readonly hand: Hand };

/** Names, notes and reasons in their sealed form: what follows writes nothing else. */
async function sealed<Facts extends Pick<ExhibitFacts, "name" | "note" | "source">>(
  tx: Tx,
  deps: Pick<ExhibitDeps, "fields">,
  { incidentId, facts, hand }: Said<Facts>,
): Promise<{ readonly facts: Facts; readonly hand: Hand }> {
  const subject = incidentSubject(incidentId);
  const isPlain = plainSource.test(facts.source);
  const texts = [facts.name, ...(facts.note === "" ? [] : [facts.note]), ...(isPlain ? [] : [facts.source])];
  const forms = await deps.fields.sealMany(
    tx,
    texts.map((text) => ({ subject, text })),
  );
  const of = (text: string) => forms[texts.indexOf(text)] ?? "";
  const { name, note, source } = facts;
  return {
    facts: { ...facts, name: of(name), note: note === "" ? "" : of(note), source: isPlain ? source : of(source) },
    hand: await sealedHand(tx, deps, { incidentId, hand }),
  };
}

async function sealedHand(
  tx: Tx,
  deps: Pick<ExhibitDeps, "fields">,
  { incidentId, hand }: { readonly incidentId: string; readonly hand: Hand },
): Promise<Hand> {
  if (hand.inOwnWords !== true) return hand;
  return { ...hand, why: await deps.fields.seal(tx, incidentSubject(incidentId), hand.why), inOwnWords: false };
}

// A player reads one video in many ranges: those that follow a look of the same person belong to it.
const sameLookMs = 10 * 60_000;

/** Puts on the record that somebody takes out the bytes. Commit it before the first byte leaves. */
export async function recordAccess(
  deps: Pick<ExhibitDeps, "db" | "fields" | "clock" | "chance">,
  look: {
    readonly exhibitId: string;
    readonly hand: Hand;
    readonly what: string;
    readonly continues: boolean;
    readonly detail?: JsonObject;
  },
): Promise<void> {
  const { exhibitId } = look;
  const nowMs = deps.clock();
  await deps.db.transaction().execute(async (tx) => {
    const exhibit = await exhibitById(tx, exhibitId);
    if (exhibit === null || exhibit.sha256 === null) throw new Error(`exhibit ${exhibitId} vanished`);
    const { token: who } = look.hand;
    if (look.continues && (await lookedLately(tx, exhibitId, { who, sinceMs: nowMs - sameLookMs, of: look.detail })))
      return;
    const hand = await sealedHand(tx, deps, { incidentId: exhibit.incidentId, hand: look.hand });
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
      ...(look.detail === undefined ? {} : { detail: look.detail }),
    };
    await recordTouch(tx, touch, deps.chance);
  });
}

type Lately = { readonly who: string; readonly sinceMs: number; readonly of: JsonObject | undefined };

/** Of the same thing: who looked at the copy did not look at the original. */
async function lookedLately(tx: Tx, exhibitId: string, look: Lately): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select 1 from audit_entry where subject_kind = 'exhibit' and subject_id = ${exhibitId}
      and kind = 'exhibit.accessed' and actor = ${look.who}
      and at >= ${new Date(look.sinceMs).toISOString()}::timestamptz
      and body::json ->> 'of' is not distinct from ${look.of?.["of"] ?? null}::text) as found`.execute(tx);
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
  copy: {
    readonly exhibitId: string;
    readonly packetId: string;
    readonly what: string;
    readonly hand: Hand;
    readonly atMs: number;
  },
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
    what: `${copy.what}, into packet ${copy.packetId}`,
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
