import { existsSync, mkdirSync, statSync } from "node:fs";
import { link, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** Makes a folder's entries (new names, renames) survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A folder of the settings that cannot be made. */
export class FolderFault extends Error {
  override readonly name = "FolderFault";
  readonly code = "folder_unmakeable";

  constructor(folder: string, cause: unknown) {
    super(`the folder ${folder} cannot be made`, { cause });
  }
}

/** A folder that a setting names, with all parents. Throws FolderFault. */
export function makeNamedFolder(folder: string): void {
  try {
    makeFolderSync(folder);
  } catch (fault) {
    throw new FolderFault(folder, fault);
  }
}

/**
 * Makes `folder` with all parents; answers the uppermost one that was made, undefined where all were there. Throws what the system says.
 * One by one and not `recursive`, which asks again for ever where a file system answers ENOENT for a folder that it will not have (/proc).
 */
export function makeFolderSync(folder: string, mode = 0o700): string | undefined {
  const missing: string[] = [];
  for (let at = resolve(folder); !existsSync(at); at = dirname(at)) missing.push(at);
  for (const path of missing.toReversed()) makeOne(path, mode);
  if (missing.length === 0 && !statSync(folder).isDirectory()) mkdirSync(folder); // says that something else is there
  return missing.at(-1);
}

function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (fault) {
    const taken = fault instanceof Error && "code" in fault && fault.code === "EEXIST";
    if (!taken || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw fault; // else somebody was quicker
  }
}

/** The same, each made durable in the one above it. */
export async function makeFolder(folder: string, mode = 0o700): Promise<void> {
  const first = makeFolderSync(folder, mode);
  if (first === undefined) return;
  for (let at = resolve(folder); at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at));
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
