import { fdatasyncSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";
import pg from "pg";
import { makeFolderSync } from "../durable-file.ts";

type FsOptions = Awaited<ReturnType<NodeFS["init"]>>["emscriptenOpts"];

/**
 * PGlite's file system on a folder, with fsync that reaches the disk. As shipped, PGlite starts Postgres with fsync off and
 * its file layer has no fsync at all, so a commit would survive `kill -9` but not a power cut (docs/decisions/0002).
 */
class SyncedNodeFS extends NodeFS {
  override async init(...args: Parameters<NodeFS["init"]>): Promise<{ emscriptenOpts: FsOptions }> {
    const { emscriptenOpts } = await super.init(...args);
    const preRun = [emscriptenOpts.preRun ?? []].flat();
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [giveFsync, ...preRun] } };
  }
}

type NodeFsModule = { NODEFS: { stream_ops: { fsync?: (stream: { nfd: number }) => number } } };

function giveFsync(module: unknown): void {
  (module as NodeFsModule).NODEFS.stream_ops.fsync = (stream) => {
    fdatasyncSync(stream.nfd);
    return 0;
  };
}

type StartParams = { readonly defaultStartParams: readonly string[] };

/** Opens (or makes) an embedded Postgres in `folder`; a commit is on disk when it returns. */
export async function openPgliteFolder(folder: string): Promise<PGlite> {
  makeFolderSync(folder);
  const defaults = (PGlite as unknown as StartParams).defaultStartParams;
  // -F is "fsync off". fdatasync is a no-op in this build of the C library, fsync is not.
  const startParams = [...defaults.filter((parameter) => parameter !== "-F"), "-c", "wal_sync_method=fsync"];
  return PGlite.create({ fs: new SyncedNodeFS(folder), startParams, parsers });
}

/** In memory, for tests only: nothing survives. */
export function openPgliteMemory(dump?: Blob): Promise<PGlite> {
  return PGlite.create(dump === undefined ? { parsers } : { parsers, loadDataDir: dump });
}

/** int8 as number (our counters stay far below 2^53), timestamptz as Date: read by the pg driver's own readers (to `new Date` "0031" is no year). */
const parsers = { 20: (text: string) => Number(text), 1184: (text: string) => readTimestamptz(text) };
const readTimestamptz = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ) as (text: string) => Date;
