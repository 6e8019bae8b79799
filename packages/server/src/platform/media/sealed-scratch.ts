import { createCipheriv } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Chance } from "../chance.ts";
import { makeFolderSync } from "../durable-file.ts";

/** A file for one use that lies encrypted: whoever finds it on the disk later has no key. AES-128-CBC, as ffmpeg's `crypto:` reads it. */
export type Scratch = { readonly path: string; readonly keyHex: string; readonly ivHex: string };

/** A folder for such files. What a killed process left behind goes when it is opened; it was never readable. */
export async function openScratchFolder(folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  makeFolderSync(folder);
  return folder;
}

/** Writes the plain bytes under a key that is nowhere but in memory. The caller ends it with `removeScratch`, whatever happens. */
export async function writeScratch(
  folder: string,
  source: AsyncIterable<Uint8Array>,
  chance: Pick<Chance, "uuid" | "bytes">,
): Promise<Scratch> {
  const [key, iv] = [chance.bytes(16), chance.bytes(16)];
  const path = join(folder, chance.uuid());
  const cipher = createCipheriv("aes-128-cbc", key, iv);
  const handle = await open(path, "wx", 0o600);
  try {
    for await (const chunk of source) await handle.writeFile(cipher.update(chunk));
    await handle.writeFile(cipher.final());
  } catch (fault) {
    await rm(path, { force: true });
    throw fault;
  } finally {
    await handle.close();
  }
  return { path, keyHex: Buffer.from(key).toString("hex"), ivHex: Buffer.from(iv).toString("hex") };
}

export function removeScratch({ path }: Scratch): Promise<void> {
  return rm(path, { force: true });
}
