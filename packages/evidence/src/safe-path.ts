import { utf8 } from "./bytes.ts";

/** Paths inside bags and zips come from strangers and end up on somebody's disk. */

const pathCharsMax = 1024;
// Windows opens devices by these names, with or without an extension, in every folder.
const deviceName = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** Why a relative, slash-separated path must not be used, or undefined when it is safe on Unix, macOS and Windows. */
export function unsafePath(path: string): string | undefined {
  if (path === "") return "is empty";
  if (path.length > pathCharsMax) return `is longer than ${pathCharsMax} characters`;
  if (!path.isWellFormed()) return "is not well-formed text";
  if (path.startsWith("/")) return "is absolute";
  if (path.startsWith("~")) return "starts with ~";
  if (path.includes("\\")) return "has a backslash";
  if (/^[A-Za-z]:/.test(path)) return "starts with a drive letter";
  for (const segment of path.split("/")) {
    const problem = unsafeSegment(segment);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function unsafeSegment(segment: string): string | undefined {
  if (segment === "") return "has an empty part";
  if (segment === "." || segment === "..") return `has a part ${segment}`;
  if (segment.includes("\0")) return "has a NUL";
  if (deviceName.test(segment)) return "has a name that is a device on Windows";
  return undefined;
}

/**
 * Groups of two or more paths that some file system takes for one: equal after Unicode normalisation and case folding.
 * Exact duplicates are among them.
 */
export function collidingPaths(paths: Iterable<string>): string[][] {
  const groups = new Map<string, string[]>();
  for (const path of paths) {
    // Lower of upper folds what neither alone does (sharp s, final sigma).
    const folded = path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
    const group = groups.get(folded);
    if (group === undefined) groups.set(folded, [path]);
    else group.push(path);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

const filenameBytesMax = 200;

/**
 * A file name that is safe in bags and zips and on every platform, made of whatever an uploader called the file: its last path part, with
 * what some platform forbids replaced by `_`, at most 200 bytes with the extension kept. Never empty, and safeFilename of it is itself.
 * Different names may become one: keep each file in a folder of its own.
 */
export function safeFilename(given: string): string {
  const last = given.toWellFormed().normalize("NFC").split(/[/\\]/).at(-1) ?? "";
  const plain = last.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}<>:"|?*]/gu, "_").replace(/^[~.\s]+/, "_");
  const dot = plain.lastIndexOf(".");
  const extension = dot > 0 && plain.length - dot <= 17 ? plain.slice(dot) : "";
  const stem = extension === "" ? plain : plain.slice(0, dot);
  // Windows drops dots and spaces at the end of a name.
  const short = cutBytes(stem, filenameBytesMax - utf8(extension).length) + extension;
  const name = short.replace(/[.\s]+$/, "");
  if (name === "") return "_";
  return deviceName.test(name) ? `_${name}` : name;
}

function cutBytes(text: string, bytesMax: number): string {
  let bytes = 0;
  let out = "";
  for (const char of text) {
    bytes += utf8(char).length;
    if (bytes > bytesMax) break;
    out += char;
  }
  return out;
}
