import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseTilePath, tileWidth, type LogFile } from "@tillwatch/evidence";
import { makeFolder, syncFolder, writeDurably, writeNamed } from "../platform/durable-file.ts";

/** The log as files, as C2SP tlog-tiles lays them out: `checkpoint`, `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]`. */
export type LogFiles = {
  readonly folder: string;
  /** Undefined when there is no such file, or no such path in a log. */
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
  /** Durable when it settles. Tiles are a function of the log: writing one again writes the same bytes. */
  readonly writeTiles: (files: readonly LogFile[]) => Promise<void>;
  /** Replaces the checkpoint as one step; MUST come after its tiles. */
  readonly writeCheckpoint: (note: string) => Promise<void>;
  /** Removes the partial forms of tiles that are full now. */
  readonly dropPartials: (full: readonly string[]) => Promise<void>;
};

const writersMax = 8;

export async function openLogFiles(folder: string): Promise<LogFiles> {
  await makeFolder(folder, 0o755);
  return {
    folder,
    read: async (path) => {
      if (path !== "checkpoint" && parseTilePath(path) === undefined) return undefined;
      try {
        return new Uint8Array(await readFile(join(folder, path)));
      } catch (fault) {
        // A folder on the way that is a file, or the other way round, is a damaged log; a missing file is an answer.
        if (fault instanceof Error && "code" in fault && fault.code === "ENOENT") return undefined;
        throw fault;
      }
    },
    writeTiles: async (files) => {
      const folders = new Set(files.map((file) => dirname(join(folder, file.path))));
      for (const path of folders) await makeFolder(path, 0o755);
      await eachOf(files, (file) => writeNamed(join(folder, file.path), file.bytes, { mode: 0o644, replace: true }));
      await eachOf([...folders], syncFolder);
    },
    writeCheckpoint: (note) => writeDurably(join(folder, "checkpoint"), note, { mode: 0o644, replace: true }),
    dropPartials: async (full) => {
      for (const path of full) await rm(join(folder, `${path}.p`), { recursive: true, force: true });
    },
  };
}

/** The paths among these that are full tiles or bundles. */
export function fullTiles(files: readonly LogFile[]): readonly string[] {
  return files.map((file) => file.path).filter((path) => parseTilePath(path)?.width === tileWidth);
}

async function eachOf<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await run(item);
  };
  await Promise.all(Array.from({ length: Math.min(writersMax, items.length) }, worker));
}
