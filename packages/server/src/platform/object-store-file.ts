import { createReadStream } from "node:fs";
import { open, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder, place, syncFolder } from "./durable-file.ts";
import { assertSafeKey, ObjectStoreFault, type ByteRange, type ObjectStat, type ObjectStore } from "./object-store.ts";

/** `file:<folder>`; an `s3://` engine takes its place beside this one. */
export async function openObjectStore(url: string): Promise<ObjectStore> {
  if (url.startsWith("file:")) return openFileObjectStore(url.replace(/^file:(\/\/(?=\/))?/, ""));
  throw new ObjectStoreFault("object_store_url_unknown", `no engine for ${url.slice(0, 20)}; known: file:<folder>`);
}

// No key can begin with a dot, so no object can collide with it.
const incoming = ".incoming";
const readChunkBytes = 256 * 1024;

/**
 * Objects as files of a folder. A put is written beside, synced, linked to its name and the folder synced: it is there as a
 * whole or not at all. What a killed process left behind in the folder of unfinished puts goes when the store is opened.
 */
export async function openFileObjectStore(folder: string): Promise<ObjectStore> {
  await makeFolder(join(folder, incoming));
  await sweep(join(folder, incoming));
  let counter = 0;
  const pathOf = (key: string) => {
    assertSafeKey(key);
    return join(folder, key);
  };
  return {
    put: async (key, source) => {
      const path = pathOf(key);
      // Looked at first only to spare the work; the link below is what decides.
      if ((await statOf(path)) !== null) throw taken(key);
      const temporary = join(folder, incoming, `${process.pid}-${Date.now().toString(36)}-${(counter += 1)}`);
      try {
        const bytes = await writeAll(temporary, source);
        await makeFolder(dirname(path));
        await place(temporary, path, false);
        await syncFolder(dirname(path));
        return { bytes };
      } catch (fault) {
        await rm(temporary, { force: true });
        throw named(fault, key);
      }
    },
    get: async (key, range) => {
      const path = pathOf(key);
      if ((await statOf(path)) === null) throw new ObjectStoreFault("object_missing", `there is no object ${key}`);
      return readRange(path, range);
    },
    stat: (key) => statOf(pathOf(key)),
    delete: async (key) => {
      const path = pathOf(key);
      if ((await statOf(path)) === null) return;
      await rm(path, { force: true });
      await syncFolder(dirname(path));
    },
    list: (prefix) => listUnder(folder, prefix),
    close: () => Promise.resolve(),
  };
}

async function writeAll(path: string, source: AsyncIterable<Uint8Array>): Promise<number> {
  const handle = await open(path, "wx", 0o600);
  try {
    let bytes = 0;
    for await (const chunk of source) {
      // One write may take fewer bytes than it was given.
      for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at, chunk.length - at)).bytesWritten;
      bytes += chunk.length;
    }
    await handle.sync();
    return bytes;
  } finally {
    await handle.close();
  }
}

function readRange(path: string, range: ByteRange | undefined): AsyncIterable<Uint8Array> {
  if (range === undefined) return createReadStream(path, { highWaterMark: readChunkBytes });
  if (range.to <= range.from) return nothing();
  return createReadStream(path, { highWaterMark: readChunkBytes, start: range.from, end: range.to - 1 });
}

async function* nothing(): AsyncIterable<Uint8Array> {}

async function statOf(path: string): Promise<ObjectStat | null> {
  try {
    const found = await stat(path);
    return found.isFile() ? { bytes: found.size, storedAtMs: found.mtimeMs } : null;
  } catch (fault) {
    if (codeOf(fault) === "ENOENT" || codeOf(fault) === "ENOTDIR") return null;
    throw fault;
  }
}

async function* listUnder(folder: string, prefix: string): AsyncIterable<ObjectStat & { readonly key: string }> {
  const under = prefix.replace(/\/$/, "");
  assertSafeKey(under);
  let entries;
  try {
    entries = await readdir(join(folder, under), { withFileTypes: true });
  } catch (fault) {
    if (codeOf(fault) === "ENOENT") return;
    throw fault;
  }
  for (const entry of entries) {
    const key = `${under}/${entry.name}`;
    if (entry.isDirectory()) yield* listUnder(folder, key);
    const found = entry.isFile() ? await statOf(join(folder, key)) : null;
    if (found !== null) yield { key, ...found };
  }
}

async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    // Several processes may share a folder: only what has not been written to for a day is surely nobody's.
    const found = await statOf(join(folder, name));
    const dead = !isRunning(Number(name.split("-")[0]));
    if (found !== null && (dead || Date.now() - found.storedAtMs > 86_400_000))
      await rm(join(folder, name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return pid > 0 && pid !== process.pid && process.kill(pid, 0);
  } catch (fault) {
    return codeOf(fault) === "EPERM";
  }
}

function named(fault: unknown, key: string): unknown {
  const code = codeOf(fault);
  if (code === "EEXIST") return taken(key);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new ObjectStoreFault("object_store_full", `no room for the object ${key}`, fault);
  }
  const ours = code === "EIO" || code === "EROFS" || code === "EACCES";
  return ours ? new ObjectStoreFault("object_store_failed", `the object ${key} could not be written`, fault) : fault;
}

function taken(key: string): ObjectStoreFault {
  return new ObjectStoreFault("object_exists", `the object ${key} exists; objects are never replaced`);
}

function codeOf(fault: unknown): string | undefined {
  return fault instanceof Error && "code" in fault && typeof fault.code === "string" ? fault.code : undefined;
}
