import { createHash } from "node:crypto";
import { once } from "node:events";
import { realpathSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class FolderInUse extends Error {
  override readonly name = "FolderInUse";
  readonly code = "data_folder_in_use";

  constructor(folder: string) {
    super(`another process works on ${folder}; stop it first, or set TILLWATCH_DATA to another folder`);
  }
}

/**
 * Holds a folder for this process: an embedded database must have one writer. The lock is a listening socket, so that it ends with
 * the process however it ends; a lock file with a pid would outlive `kill -9` and could name a stranger.
 */
export async function lockFolder(folder: string): Promise<{ close: () => Promise<void> }> {
  // Socket paths are short (108 bytes), so the folder's name is digested and the socket lies in the temporary folder.
  const name = createHash("sha256").update(realpathSync(folder)).digest("hex").slice(0, 24);
  const path = join(tmpdir(), `tillwatch-${process.getuid?.() ?? 0}-${name}.lock`);
  const server = (await tryListen(path)) ?? (await takeOver(path));
  if (server === null) throw new FolderInUse(folder);
  server.unref();
  return {
    close: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

/** A socket file that nobody answers on is what a killed process left behind. */
async function takeOver(path: string): Promise<Server | null> {
  if (await answers(path)) return null;
  rmSync(path, { force: true });
  return tryListen(path);
}

async function tryListen(path: string): Promise<Server | null> {
  const server = createServer((socket) => socket.destroy());
  const { promise, resolve, reject } = Promise.withResolvers<Server | null>();
  server.once("error", (fault) => {
    if ("code" in fault && fault.code === "EADDRINUSE") resolve(null);
    else reject(fault);
  });
  server.listen(path, () => resolve(server));
  return promise;
}

async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once("connect", () => resolve(true));
  socket.once("error", () => resolve(false));
  const found = await promise;
  socket.destroy();
  return found;
}
