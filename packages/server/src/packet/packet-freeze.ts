import {
  canonicalBytes,
  exhibitPath,
  unsafePath,
  type CopyRecipe,
  type CustodyEntry,
  type Json,
  type JsonObject,
  type PacketAudit,
  type PacketDraft,
  type PacketExhibit,
  type PacketIdentity,
} from "@tillwatch/evidence";
import type { IncidentRecord } from "@tillwatch/wire";

/** An exhibit as a packet takes it: the vault's bytes, or what stands in their place. */
export type FrozenExhibit = PacketExhibit & {
  readonly name: string;
  readonly sha512: string | null;
  readonly capturedAt: string | null;
  readonly receivedAt: string;
  readonly receivedBy: string;
  readonly source: string;
  readonly note: string;
  /** Null for a file. `digestOf` says what `sha256` is of. */
  readonly pointer: {
    readonly location: string;
    readonly because: string;
    readonly digestOf: "media" | "pointer";
  } | null;
  /** What is in the packet in the original's place; absent: the packet was gathered before there were copies. */
  readonly copy?: PacketCopy | null;
};

/** A copy as a packet takes it. */
export type PacketCopy = {
  readonly id: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly sha512: string;
  readonly mediaType: string;
  readonly recipe: CopyRecipe;
};

/**
 * Everything that a packet says, as it was gathered. Kept with the packet: every attempt to build it starts from these bytes, so
 * that all of them seal the same.
 */
export type FrozenPacket = {
  readonly v: 1;
  readonly identity: PacketIdentity;
  readonly gatheredAt: string;
  readonly requestedAt: string;
  readonly requestedBy: string;
  readonly because: string;
  readonly incident: IncidentRecord;
  readonly decisions: readonly JsonObject[];
  readonly exhibits: readonly FrozenExhibit[];
  readonly custody: readonly { readonly exhibitId: string; readonly entries: readonly CustodyEntry[] }[];
  readonly audit: PacketAudit;
  /** Absent: the packet was gathered before there were drafts. */
  readonly drafts?: readonly PacketDraft[];
  /** What the sealed texts in custody, audit and decisions say: those are proven in their sealed form, and read with these. */
  readonly texts: Readonly<Record<string, string>>;
};

/** A small file of the payload, `path` relative to `data/`. */
export type PacketDocument = { readonly path: string; readonly bytes: Uint8Array };

/** The documents of a packet but the report: pure, so that the same gathering gives the same bytes. */
export function packetDocuments(frozen: FrozenPacket): readonly PacketDocument[] {
  const { identity, incident } = frozen;
  const exhibits = frozen.exhibits.map(({ id, kind, path, filename, mediaType, bytes, sha256 }): PacketExhibit => ({
    id,
    kind,
    path,
    filename,
    mediaType,
    bytes,
    sha256,
  }));
  const record = { v: 1, ...identity, incident: asJson(incident), exhibits, texts: frozen.texts };
  const pointers = frozen.exhibits.flatMap((exhibit) => {
    if (exhibit.pointer === null) return [];
    const { id: exhibitId, bytes, sha256, mediaType } = exhibit;
    return [
      { path: exhibit.path, bytes: canonicalBytes({ v: 1, exhibitId, bytes, sha256, mediaType, ...exhibit.pointer }) },
    ];
  });
  return [
    { path: "record.json", bytes: canonicalBytes(record) },
    { path: "timeline.json", bytes: canonicalBytes({ v: 1, timeline: asJson(incident.timeline) }) },
    { path: "decisions.json", bytes: canonicalBytes({ v: 1, decisions: frozen.decisions }) },
    { path: "custody.json", bytes: canonicalBytes({ v: 1, chains: frozen.custody }) },
    { path: "audit.json", bytes: canonicalBytes(frozen.audit) },
    ...copyStatement(frozen),
    ...draftStatement(frozen),
    ...pointers,
  ];
}

/** How each copy was made of which original; nothing where there is none. */
function copyStatement(frozen: FrozenPacket): readonly PacketDocument[] {
  const copies = frozen.exhibits.flatMap(({ id: exhibitId, bytes, sha256, copy }) => {
    if (copy == null) return [];
    const made = { bytes: copy.bytes, sha256: copy.sha256, mediaType: copy.mediaType };
    return [{ exhibitId, original: { bytes, sha256 }, copy: made, recipe: asJson(copy.recipe) }];
  });
  return copies.length === 0 ? [] : [{ path: "copies.json", bytes: canonicalBytes({ v: 1, copies }) }];
}

/** Where each text comes from that a program drafted; nothing where there is none. */
function draftStatement({ drafts = [] }: FrozenPacket): readonly PacketDocument[] {
  if (drafts.length === 0) return [];
  return [{ path: "drafts.json", bytes: canonicalBytes({ v: 1, texts: asJson(drafts) }) }];
}

/**
 * An exhibit's name as the name of a file in the packet: the same where every common system can unpack it, else as near to it as
 * they can.
 */
export function packetFilename(name: string): string {
  const plain = name
    .replaceAll(/[<>:"|?*\\/]/g, "_")
    .replace(/^[~.]+/, "_")
    .replace(/[. ]+$/, "");
  const dot = plain.lastIndexOf(".");
  const ending = dot > 0 ? plain.slice(dot).slice(0, 16) : "";
  // 120 characters: 4 bytes each at most, so the name stays below the 255 bytes of a segment even with the folder's limits.
  const cut =
    Array.from(plain).length <= 60
      ? plain
      : Array.from(plain.slice(0, dot > 0 ? dot : undefined))
          .slice(0, 44)
          .join("") + ending;
  return cut === "" || cut === "pointer.json" || unsafePath(cut) !== undefined
    ? `exhibit${/^\.[A-Za-z0-9]+$/.test(ending) ? ending : ""}`
    : cut;
}

/** The place of an exhibit in the packet. */
export function packetPlace(exhibit: {
  readonly id: string;
  readonly name: string;
  readonly kind: PacketExhibit["kind"];
}): { readonly filename: string; readonly path: string } {
  const filename = packetFilename(exhibit.name);
  return { filename, path: exhibitPath(exhibit.id, exhibit.kind === "pointer" ? undefined : filename) };
}

/**
 * A value as JSON that has a canonical form: members without a value are gone, and half characters, which people's texts may hold,
 * are replaced, because RFC 8785 has no bytes for them.
 */
export function plainJson(value: object): Json {
  return JSON.parse(JSON.stringify(value), (_key, member: unknown) => {
    if (typeof member === "string") return member.toWellFormed();
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    const pairs = Object.entries(member);
    return pairs.every(([key]) => key.isWellFormed())
      ? member
      : Object.fromEntries(pairs.map(([key, of]): [string, unknown] => [key.toWellFormed(), of]));
  }) as Json;
}

/** Our own typed values are JSON; only their types do not say so. */
function asJson(value: object): Json {
  return value as unknown as Json;
}
