import { toHex, utf8 } from "./bytes.ts";
import type { Hashing } from "./hashing.ts";
import { accepted, refused, type Refusal, type Result } from "./refusal.ts";
import { collidingPaths, unsafePath } from "./safe-path.ts";

/** A payload file: `path` is relative to `data/`; digests are lower-case hex of the file's bytes. */
export type PayloadFile = {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly sha512: string;
};

/** A tag file: path relative to the bag's folder, and its whole text. */
export type TagFile = { readonly path: string; readonly text: string };

/** A tag manifest by file name and the lower-case hex SHA-256 of its bytes. */
export type TagManifestSeal = { readonly name: string; readonly sha256: string };

export type BagTexts = {
  /** bagit.txt, bag-info.txt, manifest-sha256.txt, manifest-sha512.txt: what the tag manifests cover. */
  readonly covered: readonly TagFile[];
  /** tagmanifest-sha256.txt, tagmanifest-sha512.txt. */
  readonly tagManifests: readonly TagFile[];
  /** Lower-case hex SHA-256 of each tag manifest: what the statement and the sealing audit entry name. */
  readonly seals: readonly TagManifestSeal[];
};

export type BagWriteRefusal = Refusal<
  "bag_path_unsafe" | "bag_path_collision" | "bag_info_malformed" | "bag_digest_malformed"
>;

/**
 * The tag files of a BagIt 1.0 bag (RFC 8493). Payload-Oxum is computed and MUST NOT be among `info`; every payload file is in
 * both manifests, sorted by path, so that the same input gives the same bytes.
 *
 * Refuses paths that are unsafe on any platform (`bag_path_unsafe`) or that some file system cannot tell apart
 * (`bag_path_collision`), and bag-info lines that would not read back (`bag_info_malformed`).
 */
export function buildBagTexts(
  hashing: Hashing,
  bag: {
    readonly payload: readonly PayloadFile[];
    readonly info: readonly (readonly [label: string, value: string])[];
  },
): Result<BagTexts, BagWriteRefusal> {
  const problem = payloadProblem(bag.payload) ?? infoProblem(bag.info);
  if (problem !== undefined) return { ok: false, error: problem };
  const files = bag.payload.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const octets = files.reduce((sum, file) => sum + file.bytes, 0);
  const info = [...bag.info, ["Payload-Oxum", `${octets}.${files.length}`] as const];
  const manifest = (pick: (file: PayloadFile) => string) =>
    files.map((file) => `${pick(file)}  data/${encodeBagPath(file.path)}\n`).join("");
  const covered: TagFile[] = [
    { path: "bag-info.txt", text: info.map(([label, value]) => `${label}: ${value}\n`).join("") },
    { path: "bagit.txt", text: "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n" },
    { path: "manifest-sha256.txt", text: manifest((file) => file.sha256) },
    { path: "manifest-sha512.txt", text: manifest((file) => file.sha512) },
  ];
  const tagManifest = (algorithm: "sha256" | "sha512") =>
    covered.map((file) => `${textDigest(hashing, algorithm, file.text)}  ${file.path}\n`).join("");
  const tagManifests: TagFile[] = [
    { path: "tagmanifest-sha256.txt", text: tagManifest("sha256") },
    { path: "tagmanifest-sha512.txt", text: tagManifest("sha512") },
  ];
  return accepted({
    covered,
    tagManifests,
    seals: tagManifests.map(({ path, text }) => ({ name: path, sha256: textDigest(hashing, "sha256", text) })),
  });
}

/** RFC 8493 section 2.1.3: only %, CR and LF are encoded. */
export function encodeBagPath(path: string): string {
  return path.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function textDigest(hashing: Hashing, algorithm: "sha256" | "sha512", text: string): string {
  const hasher = hashing.hasher(algorithm);
  if (hasher === undefined) throw new Error(`the platform lacks ${algorithm}`);
  hasher.update(utf8(text));
  return toHex(hasher.digest());
}

function payloadProblem(payload: readonly PayloadFile[]): BagWriteRefusal | undefined {
  for (const file of payload) {
    const unsafe = unsafePath(file.path);
    if (unsafe !== undefined)
      return refused("bag_path_unsafe", `the path ${JSON.stringify(file.path)} ${unsafe}`).error;
    if (!/^[0-9a-f]{64}$/.test(file.sha256) || !/^[0-9a-f]{128}$/.test(file.sha512)) {
      return refused("bag_digest_malformed", `the digests of ${file.path} are not lower-case hex`).error;
    }
  }
  const [first] = collidingPaths(payload.map((file) => file.path));
  if (first === undefined) return undefined;
  return refused("bag_path_collision", `some file systems take these for one: ${first.join(", ")}`).error;
}

function infoProblem(info: readonly (readonly [string, string])[]): BagWriteRefusal | undefined {
  for (const [label, value] of info) {
    if (!/^[A-Za-z0-9-]+$/.test(label) || label.toLowerCase() === "payload-oxum") {
      return refused("bag_info_malformed", `the bag-info label ${JSON.stringify(label)} cannot be used`).error;
    }
    if (/[\r\n\0]/.test(value) || !value.isWellFormed() || value.trim() !== value || value === "") {
      return refused("bag_info_malformed", `the bag-info value of ${label} is empty, padded or has a line break`).error;
    }
  }
  return undefined;
}
