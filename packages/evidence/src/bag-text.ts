import { hashAlgorithms, type HashAlgorithm } from "./hashing.ts";
import { unsafePath } from "./safe-path.ts";

/** The text files of a bag, read as strictly as the bag's version asks. Everything here takes outside data. */

export type BagProblemCode =
  | "bag_declaration_missing"
  | "bag_declaration_malformed"
  | "bag_version_unsupported"
  | "bag_encoding_unsupported"
  | "bag_tag_file_unreadable"
  | "bag_info_malformed"
  | "bag_oxum_mismatch"
  | "bag_manifest_missing"
  | "bag_manifest_malformed"
  | "bag_algorithm_unsupported"
  | "bag_path_unsafe"
  | "bag_path_collision"
  | "bag_path_twice"
  | "bag_file_missing"
  | "bag_file_extra"
  | "bag_file_changed"
  | "bag_file_unreadable"
  | "bag_fetch_refused";

/** `path` is relative to the bag's folder; `says` is one plain sentence that names it. */
export type BagProblem = { readonly code: BagProblemCode; readonly path: string; readonly says: string };

/** The versions that are read. Older bags (0.93 to 0.96) are refused by name; none was ever written by this project. */
export const bagVersions = ["0.97", "1.0"] as const;
export type BagVersion = (typeof bagVersions)[number];

export type BagDeclaration = { readonly version: BagVersion; readonly encoding: TagEncoding };
type TagEncoding = "utf-8" | "utf-16" | "iso-8859-1";

const encodings: Readonly<Record<string, TagEncoding>> = {
  "UTF-8": "utf-8",
  "UTF-16": "utf-16",
  "ISO-8859-1": "iso-8859-1",
};

/** Reads bagit.txt: two lines, exactly so in 1.0; UTF-8 without byte order mark. */
export function parseDeclaration(bytes: Uint8Array): BagDeclaration | BagProblem {
  const path = "bagit.txt";
  const text = decodeText(bytes, "utf-8");
  if (text === undefined || text.startsWith("\uFEFF")) {
    return { code: "bag_declaration_malformed", path, says: "bagit.txt is not UTF-8 without byte order mark" };
  }
  const [first, second, ...rest] = text.split(/\r\n|\n|\r/);
  const version = /^BagIt-Version: ([0-9]+\.[0-9]+)$/.exec(first ?? "")?.[1];
  const label = /^Tag-File-Character-Encoding: (\S+)$/.exec(second ?? "")?.[1];
  if (version === undefined || label === undefined || rest.some((line) => line !== "") || rest.length > 1) {
    return { code: "bag_declaration_malformed", path, says: "bagit.txt does not consist of its two prescribed lines" };
  }
  const known = bagVersions.find((one) => one === version);
  if (known === undefined) {
    const says = `BagIt version ${version} is not read; understood are ${bagVersions.join(" and ")}`;
    return { code: "bag_version_unsupported", path, says };
  }
  const encoding = encodings[label.toUpperCase()];
  if (encoding === undefined) {
    return { code: "bag_encoding_unsupported", path, says: `the tag file encoding ${label} is not understood` };
  }
  return { version: known, encoding };
}

/** Decodes a tag file; undefined when it is not in the encoding that bagit.txt declares. */
export function decodeText(bytes: Uint8Array, encoding: TagEncoding): string | undefined {
  try {
    if (encoding === "utf-8") return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (encoding === "iso-8859-1") return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    // RFC 2781: the byte order mark decides, big-endian where there is none.
    const little = bytes[0] === 0xff && bytes[1] === 0xfe;
    return new TextDecoder(little ? "utf-16le" : "utf-16be", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export type ManifestLine = { readonly digest: string; readonly path: string };

const digestHexLength: Readonly<Record<HashAlgorithm, number>> = {
  md5: 32,
  sha1: 40,
  sha224: 56,
  sha256: 64,
  sha384: 96,
  sha512: 128,
};

/** The algorithm in a manifest's file name, or undefined when it is none that any platform of ours hashes with. */
export function manifestAlgorithm(name: string): HashAlgorithm | undefined {
  const label = /^(?:tag)?manifest-([a-z0-9]+)\.txt$/i.exec(name)?.[1]?.toLowerCase();
  return hashAlgorithms.find((algorithm) => algorithm === label);
}

export type Manifest = { readonly lines: readonly ManifestLine[]; readonly problems: readonly BagProblem[] };

/**
 * Reads a payload or tag manifest. 0.97 allows a leading `*` (as md5sum writes) and `./`, and the same path twice with the same digest;
 * 1.0 allows no path twice at all.
 */
export function parseManifest(
  text: string,
  about: { readonly name: string; readonly algorithm: HashAlgorithm; readonly version: BagVersion },
): Manifest {
  const lines = new Map<string, ManifestLine>();
  const problems: BagProblem[] = [];
  const wrong = (code: BagProblemCode, says: string) =>
    problems.push({ code, path: about.name, says: `${about.name}: ${says}` });
  for (const [number, raw] of text.split(/\r\n|\n|\r/).entries()) {
    if (raw === "") continue;
    const [, hex, star, written] = /^([0-9a-fA-F]+)[ \t]+(\*?)(.+)$/.exec(raw) ?? [];
    if (hex === undefined || written === undefined || hex.length !== digestHexLength[about.algorithm]) {
      wrong("bag_manifest_malformed", `line ${number + 1} is not a digest and a path`);
      continue;
    }
    if (star === "*" && about.version === "1.0")
      wrong("bag_manifest_malformed", `line ${number + 1} marks its path with *`);
    const path = decodeBagPath(about.version === "0.97" ? written.replace(/^\.\//, "") : written, about.version);
    const unsafe = unsafePath(path);
    const digest = hex.toLowerCase();
    const before = lines.get(path);
    if (unsafe !== undefined) wrong("bag_path_unsafe", `the path ${JSON.stringify(path)} ${unsafe}`);
    else if (before !== undefined && (about.version === "1.0" || before.digest !== digest)) {
      wrong("bag_path_twice", `${path} is listed twice`);
    } else lines.set(path, { digest, path });
  }
  return { lines: [...lines.values()], problems };
}

function decodeBagPath(path: string, version: BagVersion): string {
  const lineEnds = path.replaceAll(/%0D/gi, "\r").replaceAll(/%0A/gi, "\n");
  return version === "1.0" ? lineEnds.replaceAll("%25", "%") : lineEnds;
}

export type BagInfo = readonly (readonly [label: string, value: string])[];

/** Reads bag-info.txt: labels, values, folded lines, in order; labels may repeat. Undefined when a line is none of these. */
export function parseBagInfo(text: string, version: BagVersion): BagInfo | undefined {
  const fields: [string, string][] = [];
  for (const line of text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/)) {
    if (line.trim() === "") continue;
    const last = fields.at(-1);
    if (/^[ \t]/.test(line)) {
      if (last === undefined) return undefined;
      last[1] += ` ${line.trim()}`;
      continue;
    }
    const colon = line.indexOf(":");
    if (colon < 1) return undefined;
    const label = line.slice(0, colon);
    // 1.0 has no white space before the colon; 0.97 allowed it.
    if (version === "1.0" && /\s$/.test(label)) return undefined;
    fields.push([label.trim(), line.slice(colon + 1).trim()]);
  }
  return fields;
}

/** Payload-Oxum as [octets, files]; undefined when absent or malformed (`malformed` tells which). */
export function payloadOxum(
  info: BagInfo,
): { readonly octets: number; readonly files: number } | "absent" | "malformed" {
  const values = info.filter(([label]) => label.toLowerCase() === "payload-oxum").map(([, value]) => value);
  const [value, ...more] = values;
  if (value === undefined) return "absent";
  const [, octets, files] = /^([0-9]{1,15})\.([0-9]{1,15})$/.exec(value) ?? [];
  return octets === undefined || files === undefined || more.length > 0
    ? "malformed"
    : { octets: Number(octets), files: Number(files) };
}

/** Reads fetch.txt only to judge it: the paths that it would fetch. Nothing is ever fetched. */
export function fetchPaths(text: string, version: BagVersion): string[] | undefined {
  const paths: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line === "") continue;
    const path = /^\S+[ \t]+(?:[0-9]+|-)[ \t]+(.+)$/.exec(line)?.[1];
    if (path === undefined) return undefined;
    paths.push(decodeBagPath(path, version));
  }
  return paths;
}
