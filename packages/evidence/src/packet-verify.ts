import { collectBytes, validateBag, type BagReader } from "./bag-read.ts";
import type { BagProblem, BagProblemCode } from "./bag-text.ts";
import { toHex } from "./bytes.ts";
import type { Hashing } from "./hashing.ts";
import { bagFiles, optionalPacketFiles, packetFiles, proofFiles } from "./packet.ts";
import { checkContents } from "./packet-content-checks.ts";
import { PacketFindings, type PacketCheckName, type PacketKeyUse, type PacketReport } from "./packet-report.ts";
import { checkSeal, type PacketTrust } from "./packet-seal-checks.ts";
import type { ByteSource, ZipEntry } from "./zip-archive.ts";
import { openZipEntry, readZip } from "./zip-read.ts";

/** A JSON document or proof file is read whole; more than this is an attack on memory. */
const documentBytesMax = 64 * 1024 * 1024;

export type PacketPorts = { readonly hashing: Hashing };

/**
 * Verifies a sealed packet offline: zip, bag, digests, seal, log proof, exhibits, custody and audit. Reads each file in a
 * stream, so a packet of any size needs little memory. Takes hostile input: never throws on content, only if `source` throws.
 *
 * With empty `trust` the packet's own keys are used: the report then proves that the packet is consistent, not who sealed it;
 * callers MUST show `keys` whose source is "packet" for comparison.
 */
export async function verifyPacket(source: ByteSource, trust: PacketTrust, ports: PacketPorts): Promise<PacketReport> {
  const findings = new PacketFindings();
  const zip = await readZip(source);
  if (!zip.ok) {
    const unusable = zip.error.code === "zip_not_a_zip";
    findings.fail("zip structure", zip.error.says);
    return report(findings, { unusable, keys: [] });
  }
  const { entries, form } = zip.value;
  if (!entries.some((entry) => looksLikePacket(entry.path))) {
    findings.fail("zip structure", "the zip is no Tillwatch packet: it has none of a packet's files");
    return report(findings, { unusable: true, keys: [] });
  }
  findings.pass(
    "zip structure",
    form === "sealed" ? `${entries.length} files, as sealed` : `${entries.length} files, packed again by another tool`,
  );
  const folder = topFolder(entries);
  if (folder === undefined) {
    const tops = [...new Set(entries.map((entry) => entry.path.split("/")[0]))].slice(0, 3).join(", ");
    findings.fail("packet layout", `the zip does not consist of one top folder; it holds ${tops}`);
    return report(findings, { unusable: false, keys: [] });
  }
  const reader = bagReader(source, { folder, entries, hashing: ports.hashing });
  const keys = await checkBag({ reader, folder, trust, ports, findings });
  return report(findings, { unusable: false, keys, folder });
}

function report(
  findings: PacketFindings,
  more: { readonly unusable: boolean; readonly keys: readonly PacketKeyUse[]; readonly folder?: string },
): PacketReport {
  const checks = findings.list();
  const first = checks.find((check) => !check.ok);
  const verdict = more.unusable ? "unusable" : first === undefined ? "verified" : "broken";
  return {
    verdict,
    checks,
    keys: more.keys,
    ...(first === undefined ? {} : { firstProblem: first.detail }),
    ...(more.folder === undefined ? {} : { folder: more.folder }),
  };
}

function looksLikePacket(path: string): boolean {
  const name = path.slice(path.indexOf("/") + 1);
  const known: readonly string[] = [...bagFiles, proofFiles.dsse, proofFiles.tlogProof, proofFiles.entry];
  return known.includes(name);
}

function topFolder(entries: readonly ZipEntry[]): string | undefined {
  const tops = new Set(entries.map((entry) => entry.path.slice(0, Math.max(0, entry.path.indexOf("/")))));
  const [folder, ...others] = tops;
  return folder === "" || others.length > 0 ? undefined : folder;
}

function bagReader(
  source: ByteSource,
  zip: { readonly folder: string; readonly entries: readonly ZipEntry[]; readonly hashing: Hashing },
): BagReader {
  const within = (entry: ZipEntry) => entry.path.slice(zip.folder.length + 1);
  const byPath = new Map(zip.entries.map((entry) => [within(entry), entry]));
  return {
    files: zip.entries.map((entry) => ({ path: within(entry), bytes: entry.bytes })),
    open: (path) => {
      const entry = byPath.get(path);
      if (entry === undefined) throw new RangeError(`${path} is not in the packet`);
      return openZipEntry(source, entry, zip.hashing);
    },
  };
}

async function checkBag(input: {
  readonly reader: BagReader;
  readonly folder: string;
  readonly trust: PacketTrust;
  readonly ports: PacketPorts;
  readonly findings: PacketFindings;
}): Promise<readonly PacketKeyUse[]> {
  const { reader, findings } = input;
  const { hashing } = input.ports;
  checkLayout(reader, findings);
  const bag = await validateBag(reader, { hashing });
  if (bag.version !== undefined && bag.version !== "1.0")
    findings.fail("bag structure", `the bag is of version ${bag.version}; a packet is a 1.0 bag`);
  for (const problem of bag.problems) findings.fail(checkOf(problem), problem.says);
  const sizes = new Map(reader.files.map((file) => [file.path, file.bytes]));
  const payload = new Map<string, { bytes: number; sha256: string }>();
  for (const [path, digests] of bag.digests) {
    const sha256 = digests.get("sha256");
    if (path.startsWith("data/") && sha256 !== undefined) payload.set(path, { bytes: sizes.get(path) ?? 0, sha256 });
  }
  if (bag.version !== undefined) passBag(findings, payload.size);
  const read = readFrom(reader, sizes);
  const proofs = new Map<string, Uint8Array | undefined>();
  for (const name of Object.values(proofFiles)) proofs.set(name, await read(name));
  const seal = await checkSeal({
    sha256: hashing.sha256,
    trust: input.trust,
    file: (name) => proofs.get(name),
    tagManifests: await tagManifestDigests(hashing, { sizes, read }),
    findings,
  });
  const { predicate, logKeys } = seal;
  await checkContents({ sha256: hashing.sha256, folder: input.folder, logKeys, predicate, payload, read, findings });
  return seal.keys;
}

function passBag(findings: PacketFindings, payloadFiles: number): void {
  findings.pass("bag structure", "BagIt 1.0");
  findings.pass("completeness", `${payloadFiles} payload files, none missing, none added`);
  findings.pass("payload digests", `${payloadFiles} files, SHA-256 and SHA-512`);
  findings.pass("tag manifests", "every covered tag file as listed");
}

/** Reads a file whole; undefined when absent, too large or damaged (the digest checks have named that already). */
function readFrom(
  reader: BagReader,
  sizes: ReadonlyMap<string, number>,
): (path: string) => Promise<Uint8Array | undefined> {
  return async (path) => {
    if (!sizes.has(path)) return undefined;
    try {
      return await collectBytes(reader.open(path), documentBytesMax);
    } catch {
      return undefined;
    }
  };
}

async function tagManifestDigests(
  hashing: Hashing,
  bag: {
    readonly sizes: ReadonlyMap<string, number>;
    readonly read: (path: string) => Promise<Uint8Array | undefined>;
  },
): Promise<ReadonlyMap<string, string>> {
  const { sizes, read } = bag;
  const digests = new Map<string, string>();
  for (const name of ["tagmanifest-sha256.txt", "tagmanifest-sha512.txt"]) {
    if (!sizes.has(name)) continue;
    const bytes = await read(name);
    // A damaged file fits no seal; leaving it out would report it as absent.
    digests.set(name, bytes === undefined ? "unreadable" : toHex(hashing.sha256(bytes)));
  }
  return digests;
}

function checkLayout(reader: BagReader, findings: PacketFindings): void {
  const present = new Set(reader.files.map((file) => file.path));
  for (const path of [...bagFiles, ...Object.values(proofFiles), ...Object.values(packetFiles)]) {
    if (!present.has(path) && !optionalPacketFiles.has(path)) findings.fail("packet layout", `${path} is missing`);
  }
  const known = new Set<string>([...bagFiles, ...Object.values(proofFiles), ...Object.values(packetFiles)]);
  for (const path of present) {
    if (!known.has(path) && !path.startsWith("data/exhibits/")) {
      findings.fail("packet layout", `${path} does not belong into a packet: it was added`);
    }
  }
  findings.pass("packet layout", "packet format 1");
}

const checkByCode: Readonly<Record<BagProblemCode, PacketCheckName>> = {
  bag_declaration_missing: "bag structure",
  bag_declaration_malformed: "bag structure",
  bag_version_unsupported: "bag structure",
  bag_encoding_unsupported: "bag structure",
  bag_tag_file_unreadable: "bag structure",
  bag_info_malformed: "bag structure",
  bag_oxum_mismatch: "bag structure",
  bag_manifest_missing: "bag structure",
  bag_manifest_malformed: "bag structure",
  bag_algorithm_unsupported: "bag structure",
  bag_path_unsafe: "bag structure",
  bag_path_collision: "bag structure",
  bag_path_twice: "bag structure",
  bag_fetch_refused: "bag structure",
  bag_file_missing: "completeness",
  bag_file_extra: "completeness",
  bag_file_changed: "payload digests",
  bag_file_unreadable: "payload digests",
};

function checkOf(problem: BagProblem): PacketCheckName {
  const check = checkByCode[problem.code];
  return check === "payload digests" && !problem.path.startsWith("data/") ? "tag manifests" : check;
}
