import type { Refusal } from "./refusal.ts";

/** Port: random access to a file that is never loaded whole. `read` gives exactly `length` bytes or throws. */
export type ByteSource = {
  readonly size: number;
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
};

export type ZipRefusal = Refusal<
  | "zip_truncated"
  | "zip_not_a_zip"
  | "zip_malformed"
  | "zip_surrounding_data"
  | "zip_overlap"
  | "zip_path_unsafe"
  | "zip_path_twice"
  | "zip_encrypted"
  | "zip_method_unsupported"
  | "zip_headers_differ"
  | "zip_too_large"
  | "zip_not_a_file"
  | "zip_form_changed"
>;

export type ZipEntry = {
  readonly path: string;
  readonly method: "stored" | "deflated";
  readonly bytes: number;
  readonly packedBytes: number;
  readonly crc32: number;
  readonly dataOffset: number;
};

export type ZipArchive = {
  readonly entries: readonly ZipEntry[];
  /** "sealed": byte for byte the form that we write; "repackaged": sound, but made by another tool. */
  readonly form: "sealed" | "repackaged";
};

export type ZipLimits = {
  readonly entriesMax: number;
  readonly directoryBytesMax: number;
  /** Sum of unpacked sizes. */
  readonly bytesMax: number;
  /** Unpacked to packed, for entries beyond a mebibyte. */
  readonly ratioMax: number;
};

/** Far beyond any packet, far below harm: 1 TiB unpacked; JSON of repeated records packs about 50:1, bombs 1000:1. */
export const zipLimits: ZipLimits = {
  entriesMax: 200_000,
  directoryBytesMax: 64 * 1024 * 1024,
  bytesMax: 2 ** 40,
  ratioMax: 200,
};

/** One line of the central directory, raw enough to be compared with the local header. */
export type CentralEntry = {
  readonly path: string;
  readonly nameBytes: Uint8Array;
  readonly needed: number;
  readonly flags: number;
  readonly method: number;
  readonly time: number;
  readonly date: number;
  readonly crc32: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly offset: number;
  /** The header's own bytes. */
  readonly raw: Uint8Array;
};
