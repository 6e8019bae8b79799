import { join } from "node:path";
import type { FastifyPluginAsync } from "fastify";
import { parseIncidentId } from "@tillwatch/wire";
import type { Config } from "../config/config.ts";
import type { Foundation } from "./foundation.ts";
import { copyFor, type CopyAsking, type CopyPlace } from "../exhibit/copy-asking-store.ts";
import { makeCopy, type CopyMakerDeps } from "../exhibit/copy-make-store.ts";
import { copyById } from "../exhibit/copy-read.ts";
import { defineCopyJobs, enqueueCopy } from "../exhibit/copy-jobs.ts";
import { sweepExhibits, type ExhibitDeps } from "../exhibit/exhibit-intake-store.ts";
import { exhibitRoutes } from "../exhibit/exhibit-http.ts";
import { markRoutes } from "../exhibit/marks-http.ts";
import { originalRoutes } from "../exhibit/original-http.ts";
import { exhibitRowsOf, minorsOf, minorsOfExhibit } from "../exhibit/exhibit-read.ts";
import { copyFilename } from "../exhibit/exhibit.ts";
import { noPurpose, twoKeysFor } from "../exhibit/original-store.ts";
import { incidentRow } from "../incident/incident-read.ts";
import { addTimeline } from "../incident/incident-store.ts";
import { minorVerdict } from "../minors.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import type { PacketDeps } from "../packet/packet-build-store.ts";
import type { PacketRouteDeps } from "../packet/packet-http.ts";
import type { Chance } from "../platform/chance.ts";
import type { Jobs } from "../platform/jobs.ts";
import type { Log } from "../platform/log.ts";
import { mediaLimits } from "../platform/media/media-refusal.ts";
import { asMachine } from "../platform/database/scoped.ts";
import { openScratchFolder } from "../platform/media/sealed-scratch.ts";
import { pictureProfile } from "../privacy/picture-profiles.ts";
import { masksAt } from "../privacy/site/site-privacy-store.ts";
import type { DbOrTx, Schema } from "../schema.ts";

type Given = {
  readonly foundation: Foundation;
  readonly pack: LoadedPack;
  readonly jobs: Jobs<Schema>;
  readonly clock: () => number;
  readonly chance: CopyAsking["chance"];
};

type Opening = Given & {
  readonly chance: Chance;
  readonly config: Pick<Config, "dataFolder" | "ffmpeg" | "exhibitBytesMax">;
  readonly log: Log;
  readonly incidentChanged: ExhibitDeps["incidentChanged"];
};

/** Opens what holds exhibits, sweeps what a crash left there, and starts the making of copies. */
export async function openExhibits(
  given: Opening,
): Promise<{ readonly exhibits: ExhibitDeps; readonly maker: CopyMakerDeps }> {
  const { foundation, config, clock, chance, jobs, log } = given;
  const exhibits: ExhibitDeps = {
    db: foundation.database.db,
    vault: { objects: foundation.objects, master: foundation.keys.master, chance },
    fields: foundation.fields,
    clock,
    chance,
    incidentRefOf: async (from, id) => (parseIncidentId(id).ok ? ((await incidentRow(from, id))?.ref ?? null) : null),
    addTimeline,
    incidentChanged: given.incidentChanged,
    exhibitBytesMax: config.exhibitBytesMax,
    asking: copyAsking(given),
  };
  await sweepExhibits(exhibits);
  return { exhibits, maker: await startCopies(jobs, exhibits, { ...config, log }) };
}

/** What copies of exhibits need to know: where, under which masks, for which purposes. */
function copyAsking({ foundation, pack, jobs, clock, chance }: Given): CopyAsking {
  const placeOf = async (db: DbOrTx, incidentId: string): Promise<CopyPlace> =>
    // Whoever may not read masks has them burned in all the same.
    asMachine(db, async (machine) => {
      const row = await incidentRow(machine, incidentId);
      if (row === null) throw new Error(`incident ${incidentId} vanished`);
      const site = foundation.directory.current().site(row.siteId);
      const cameras = (site?.devices ?? []).filter(({ kind }) => kind === "camera").map(({ id }) => id);
      return { country: site?.country ?? null, masks: await masksAt(machine, row.siteId), cameras };
    });
  return {
    clock,
    chance,
    placeOf,
    profileFor: (purpose, country) => pictureProfile(pack.privacy.pictures, purpose, country),
    enqueue: (tx, copyId) => enqueueCopy(jobs, tx, copyId),
  };
}

/** Everything of exhibits that has a door. */
export function exhibitPlugins(
  exhibits: ExhibitDeps,
  { log, pack }: { readonly log: Log; readonly pack: LoadedPack },
): readonly FastifyPluginAsync[] {
  const { minorGrounds } = pack.privacy.release;
  return [
    exhibitRoutes({ ...exhibits, log, minorGrounds }),
    originalRoutes(exhibits),
    markRoutes({ ...exhibits, minorGrounds }),
  ];
}

type GoingDeps = {
  readonly exhibits: ExhibitDeps;
  readonly maker: CopyMakerDeps;
  readonly minorGrounds: readonly string[];
};

/** What of an exhibit goes into a packet: the copy, or the original under two keys; of a minor nothing without a ground. */
export function packetGoing({ exhibits, maker, minorGrounds }: GoingDeps): PacketDeps["goingOf"] {
  const { db, asking } = exhibits;
  return async (packet, { id: exhibitId, incidentId, mediaKind }) => {
    const isDocument = mediaKind === "document";
    const { minorGround: ground, requestedBy: by } = packet;
    const minors = await minorsOfExhibit(db, { id: exhibitId, incidentId });
    // Whether he may was asked when he asked for the packet.
    const lift = ground === null ? null : { ground, by, mayLift: true };
    if (minorVerdict(minors, lift, minorGrounds).kind === "withheld") {
      return { kind: "sealed", because: "minor_protected" };
    }
    if (isDocument) return { kind: "original", underTwoKeys: false };
    const purpose = packet.purpose ?? noPurpose;
    const asked = { exhibitId, by: packet.requestedBy, purpose, nowMs: exhibits.clock() };
    if (packet.originals && (await twoKeysFor(db, asked)) !== null) return { kind: "original", underTwoKeys: true };
    const of = { exhibitId, incidentId, purpose: packet.purpose };
    const first = await db.transaction().execute((tx) => copyFor(tx, asking, of));
    if (first.kind === "none") return { kind: "sealed", because: first.code };
    await makeCopy(maker, first.row.id);
    const row = await copyById(db, first.row.id);
    if (row?.state === "not_needed") return { kind: "original", underTwoKeys: false };
    if (row?.ready == null) return { kind: "sealed", because: row?.problem ?? "media_unsupported" };
    const { object: _object, ...copy } = row.ready;
    const ending = copy.mediaType.split("/")[1] ?? "bin";
    return { kind: "copy", copy: { id: row.id, ...copy }, filename: copyFilename(exhibitId, ending) };
  };
}

/** What asking for a packet must know of exhibits: the case, and which originals are sealed for this person and purpose. */
export function sealedOriginals({
  incidentRefOf,
  clock,
}: ExhibitDeps): Pick<PacketRouteDeps, "incidentRefOf" | "stillSealed" | "minorsOf"> {
  const stillSealed: PacketRouteDeps["stillSealed"] = async (db, { incidentId, by, purpose }) => {
    const sealed: string[] = [];
    for (const { id, object, mediaKind } of await exhibitRowsOf(db, incidentId)) {
      if (object === null || mediaKind === "document") continue;
      const asked = { exhibitId: id, by, purpose: purpose ?? noPurpose, nowMs: clock() };
      if ((await twoKeysFor(db, asked)) === null) sealed.push(id);
    }
    return sealed;
  };
  return { incidentRefOf, stillSealed, minorsOf };
}

/** Starts the making of copies. What a killed process left in the scratch folder was never readable, and goes. */
async function startCopies(
  jobs: Jobs<Schema>,
  exhibits: ExhibitDeps,
  given: { readonly dataFolder: string; readonly ffmpeg: string; readonly log: Log },
): Promise<CopyMakerDeps> {
  const scratchFolder = await openScratchFolder(join(given.dataFolder, "scratch"));
  const tools = { ffmpeg: given.ffmpeg, scratchFolder, chance: exhibits.vault.chance, limits: mediaLimits };
  const maker = { ...exhibits, tools, log: given.log };
  await defineCopyJobs(jobs, maker);
  return maker;
}
