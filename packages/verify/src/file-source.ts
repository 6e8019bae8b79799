import { open } from "node:fs/promises";
import type { ByteSource } from "@tillwatch/evidence";

export type OpenFile = ByteSource & { readonly close: () => Promise<void> };

/** Random access to a file on disk. Throws what the file system throws, and an Error for anything but a regular file. */
export async function fileSource(path: string): Promise<OpenFile> {
  const file = await open(path, "r");
  try {
    const about = await file.stat();
    if (!about.isFile()) throw new Error(`${path} is not a file`);
    return {
      size: about.size,
      close: () => file.close(),
      async read(offset, length) {
        const buffer = new Uint8Array(length);
        let filled = 0;
        while (filled < length) {
          const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
          if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`);
          filled += bytesRead;
        }
        return buffer;
      },
    };
  } catch (fault) {
    await file.close();
    throw fault;
  }
}
