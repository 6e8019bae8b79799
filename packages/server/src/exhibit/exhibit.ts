import { canonicalBytes, toHex, type Sha256 } from "@tillwatch/evidence";

/** What is known of an exhibit besides its bytes. `capturedAt` is the device's own text; `source` a device id or a person's token. */
export type ExhibitFacts = {
  readonly name: string;
  readonly mediaType: string;
  readonly capturedAt: string | null;
  readonly source: string;
  readonly kind: "original" | "derivative";
  readonly note: string;
  readonly claimedSha256: string | null;
};

/** Media that stays where it is (I08). `sha256` and `bytes` as the holder states them, where he does. */
export type Pointer = {
  readonly uri: string;
  readonly mediaType: string;
  readonly bytes: number | null;
  readonly sha256: string | null;
};

const nameCharsMax = 200;

/**
 * A sender's file name as text for people: the last part of whatever path it held, no control or direction-changing character (they
 * make "gnp.exe" of "exe.png" on a screen), cut to 200 characters. Never a path: objects are stored under their id.
 */
export function cleanName(raw: string | undefined): string {
  const last = (raw ?? "").toWellFormed().normalize("NFC").split(/[/\\]/).at(-1) ?? "";
  const clean = last
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, "")
    .replaceAll(/\s+/gu, " ")
    .trim();
  const cut = Array.from(clean).slice(0, nameCharsMax).join("");
  return cut === "" || cut === "." || cut === ".." ? "unnamed" : cut;
}

/** Free text as it goes into the record: well-formed, without control characters but tab and line break. */
export function cleanText(raw: string): string {
  return raw
    .toWellFormed()
    .replaceAll(/[^\P{Cc}\t\n]/gu, "")
    .trim();
}

/** The claimed media type when it has the form of one, else the type of unknown bytes. */
export function cleanMediaType(raw: string | undefined): string {
  const type = (raw ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  return /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/.test(type)
    ? type
    : "application/octet-stream";
}

/**
 * What a pointer's custody entries digest, and what a packet says of it: the media's own digest and length where the holder
 * stated both, else those of the pointer itself (its canonical JSON: bytes, mediaType, sha256, uri), which is all that we hold.
 */
export function pointerDigest(
  sha256: Sha256,
  pointer: Pointer,
): { readonly of: "media" | "pointer"; readonly sha256: string; readonly bytes: number } {
  const { uri, mediaType, bytes, sha256: stated } = pointer;
  if (stated !== null && bytes !== null) return { of: "media", sha256: stated, bytes };
  const own = canonicalBytes({ uri, mediaType, bytes, sha256: stated });
  return { of: "pointer", sha256: toHex(sha256(own)), bytes: own.length };
}

/** A sender's file name may name people: a copy has none of it. */
export function copyFilename(exhibitId: string, ending: string): string {
  return `copy-${exhibitId.slice(0, 8)}.${ending === "jpeg" ? "jpg" : ending}`;
}
