import { link, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes a folder's entries (new names, renames) survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes `folder` with all parents, each made durable in the one above it. Answers whether anything was made. */
export async function makeFolder(folder: string, mode = 0o700): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode });
  if (first === undefined) return;
  for (let at = folder; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at));
}

type DurableWrite = { readonly mode: number; readonly replace: boolean };

/**
 * Writes a whole file so that a reader, also one after a power cut, sees the old bytes or the new ones, never a mixture.
 * The name is durable when the promise settles. With `replace: false` an existing file makes it fail with EEXIST.
 */
export async function writeDurably(path: string, bytes: Uint8Array | string, how: DurableWrite): Promise<void> {
  await writeNamed(path, bytes, how);
  await syncFolder(dirname(path));
}

/** The same without making the name durable: for many files of one folder, followed by one `syncFolder`. */
export async function writeNamed(path: string, bytes: Uint8Array | string, how: DurableWrite): Promise<void> {
  const temporary = `${path}.${process.pid}.${(counter += 1)}.new`;
  try {
    const handle = await open(temporary, "wx", how.mode);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await place(temporary, path, how.replace);
  } catch (fault) {
    await rm(temporary, { force: true });
    throw fault;
  }
}

let counter = 0;

/** Gives a finished file its name. `rename` would replace silently; `link` is the form that fails when the name is taken. */
export async function place(temporary: string, path: string, replace: boolean): Promise<void> {
  if (replace) return rename(temporary, path);
  await link(temporary, path);
  await rm(temporary);
}
