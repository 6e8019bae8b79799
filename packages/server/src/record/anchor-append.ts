import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { equalBytes, rootAt, utf8, verifyCheckpoint, type NoteKey } from "@tillwatch/evidence";
import { sql } from "kysely";
import type { LogFiles } from "../audit/audit-log-files.ts";
import { publishedTree } from "../audit/audit-proof-files.ts";
import type { Checked, Control } from "../controls/control.ts";
import { makeFolder } from "../platform/durable-file.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db } from "../schema.ts";

/** A second place that keeps the log's checkpoints: whoever changes the log would have to change that as well. */
export type AnchorPlace = {
  readonly name: string;
  /** The newest checkpoint there; null: there is none yet. Throws when the place cannot be read. */
  readonly latest: () => Promise<string | null>;
  readonly publish: (note: string, size: bigint) => Promise<void>;
};

const answerWithinMs = 10_000;
const noteBytesMax = 64 * 1024;

/** `file:<folder>` on another disk or share, or `http(s)://...`: the checkpoint is PUT there and GET from there. */
export function anchorPlace(address: string): AnchorPlace {
  return address.startsWith("file:") ? folderPlace(address.slice("file:".length)) : urlPlace(address);
}

function folderPlace(folder: string): AnchorPlace {
  const latest = join(folder, "checkpoint");
  return {
    name: `file:${folder}`,
    latest: async () => {
      try {
        return await readFile(latest, "utf8");
      } catch (fault) {
        if (fault instanceof Error && "code" in fault && fault.code === "ENOENT") return null;
        throw fault;
      }
    },
    publish: async (note, size) => {
      await makeFolder(join(folder, "checkpoints"));
      // Each size keeps a file of its own, which is never written again: the newest alone could be put back.
      await writeFile(join(folder, "checkpoints", String(size)), note, { flag: "wx" }).catch((fault: unknown) => {
        if (!(fault instanceof Error && "code" in fault && fault.code === "EEXIST")) throw fault;
      });
      await writeFile(latest, note);
    },
  };
}

function urlPlace(url: string): AnchorPlace {
  const bounded = { signal: AbortSignal.timeout(answerWithinMs), redirect: "error" } as const;
  return {
    name: url.replace(/\/\/[^/@]*@/, "//"),
    latest: async () => {
      const answer = await fetch(url, { ...bounded, signal: AbortSignal.timeout(answerWithinMs) });
      if (answer.status === 404) return null;
      if (!answer.ok) throw new Error(`the anchor answered ${answer.status}`);
      const text = await answer.text();
      if (text.length > noteBytesMax) throw new Error("the anchor answered too much");
      return text;
    },
    publish: async (note) => {
      const headers = { "content-type": "text/plain; charset=utf-8" };
      const signal = AbortSignal.timeout(answerWithinMs);
      const answer = await fetch(url, { ...bounded, signal, method: "PUT", headers, body: note });
      if (!answer.ok) throw new Error(`the anchor took nothing: ${answer.status}`);
    },
  };
}

export type AnchorDeps = {
  readonly db: Db;
  readonly files: LogFiles;
  readonly key: () => Promise<NoteKey>;
  readonly place: AnchorPlace;
  readonly clock: Clock;
  readonly chance: Chance;
};

/**
 * What stands in the second place against the log as it is now: signed by our key, of no more entries than we have, and with the very
 * root that our tiles give for that size. Anything else is a log that was put back or changed.
 */
export async function compareAnchor({
  files,
  key,
  place,
}: Omit<AnchorDeps, "db" | "clock" | "chance">): Promise<Checked> {
  const note = await place.latest();
  const tree = await publishedTree(files);
  const ours = Number(tree.size);
  if (note === null)
    return { ok: false, says: `${place.name} holds no checkpoint: it is gone, or none came`, evidence: { ours } };
  const verified = await verifyCheckpoint(utf8(note), [await key()]);
  if (!verified.ok)
    return {
      ok: false,
      says: `${place.name} holds a checkpoint that is not of this log: ${verified.error.says}`,
      evidence: { ours },
    };
  const { size, root } = verified.value.checkpoint;
  const theirs = Number(size);
  if (size > tree.size) {
    const says = `the log has ${ours} entries, ${theirs} were anchored: it was put back to an older state`;
    return { ok: false, says, evidence: { ours, theirs } };
  }
  if (!equalBytes(await rootAt(tree, size), root)) {
    return {
      ok: false,
      says: `the first ${theirs} entries are not those that were anchored: the log was changed`,
      evidence: { ours, theirs },
    };
  }
  return {
    ok: true,
    says: `the ${theirs} entries that were anchored are the first of ours`,
    evidence: { ours, theirs },
  };
}

/** Compares, and publishes the newest checkpoint where nothing is wrong: a changed log must not overwrite its witness. */
export async function anchorNow(deps: AnchorDeps): Promise<Checked> {
  const { db, files, place, clock, chance } = deps;
  const first = (await place.latest()) === null && !(await everAnchored(db, place.name));
  const found = first ? { ok: true, says: "the first checkpoint", evidence: {} } : await compareAnchor(deps);
  const tree = await publishedTree(files);
  if (found.ok) await place.publish(tree.checkpoint, tree.size);
  await sql`
    insert into anchor_run (id, at, tree_size, note, place, ok, says)
    values (${chance.uuid()}, ${new Date(clock()).toISOString()}::timestamptz, ${Number(tree.size)}, ${tree.checkpoint}, ${place.name},
      ${found.ok}, ${found.says})`.execute(db);
  return found;
}

async function everAnchored(db: Db, place: string): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from anchor_run where place = ${place} and ok) as found`.execute(db);
  return rows[0]?.found === true;
}

/** The control: compares and anchors on, once an hour. */
export function anchorControl(deps: AnchorDeps): Control {
  return {
    id: "log_anchored",
    title: "The log stands in a second place",
    says: `What ${deps.place.name} keeps is the beginning of this log, and this log's newest checkpoint goes there.`,
    everyMinutes: 60,
    check: () => anchorNow(deps),
  };
}
