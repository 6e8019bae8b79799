import { joinBytes, toHex } from "./bytes.ts";
import {
  decodeText,
  fetchPaths,
  manifestAlgorithm,
  parseBagInfo,
  parseDeclaration,
  parseManifest,
  payloadOxum,
  type BagDeclaration,
  type BagInfo,
  type BagProblem,
  type BagProblemCode,
  type BagVersion,
} from "./bag-text.ts";
import type { HashAlgorithm, Hasher, Hashing } from "./hashing.ts";
import { EvidenceFault } from "./refusal.ts";
import { collidingPaths, unsafePath } from "./safe-path.ts";

/** Port: the files of a bag, wherever they lie. Paths are relative to the bag's folder, slash-separated. */
export type BagReader = {
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** MAY throw while reading; that is reported as `bag_file_unreadable` of this file. */
  readonly open: (path: string) => AsyncIterable<Uint8Array>;
};

export type BagReport = {
  readonly version: BagVersion | undefined;
  readonly info: BagInfo;
  /** All that is wrong, in the order it was found; empty means valid. */
  readonly problems: readonly BagProblem[];
  /** Lower-case hex digests of every file that some manifest lists, by path. */
  readonly digests: ReadonlyMap<string, ReadonlyMap<HashAlgorithm, string>>;
};

/** A tag file is read whole; more than this is an attack on memory. A manifest line has about 200 bytes. */
const tagFileBytesMax = 64 * 1024 * 1024;

/**
 * Validates a bag of version 0.97 or 1.0 (RFC 8493): completeness and every digest, each file read once.
 *
 * `fetch: "refuse"` (default) refuses any fetch.txt; `"judge"` accepts a bag whose fetch.txt names only safe, listed and
 * present files. No URL is ever followed.
 */
export async function validateBag(
  reader: BagReader,
  options: { readonly hashing: Hashing; readonly fetch?: "refuse" | "judge" },
): Promise<BagReport> {
  const bag = new BagValidation(reader, options.hashing);
  await bag.run(options.fetch ?? "refuse");
  return { version: bag.declaration?.version, info: bag.info, problems: bag.problems, digests: bag.digests };
}

type Listed = Map<string, Map<HashAlgorithm, { readonly digest: string; readonly by: string }>>;

class BagValidation {
  readonly problems: BagProblem[] = [];
  readonly digests = new Map<string, ReadonlyMap<HashAlgorithm, string>>();
  readonly present: ReadonlyMap<string, number>;
  declaration: BagDeclaration | undefined;
  info: BagInfo = [];
  readonly #reader: BagReader;
  readonly #hashing: Hashing;

  constructor(reader: BagReader, hashing: Hashing) {
    this.#reader = reader;
    this.#hashing = hashing;
    this.present = new Map(reader.files.map((file) => [file.path, file.bytes]));
  }

  #wrong(code: BagProblemCode, path: string, says: string): void {
    this.problems.push({ code, path, says });
  }

  async run(fetch: "refuse" | "judge"): Promise<void> {
    this.#checkPaths();
    if (!this.present.has("bagit.txt")) {
      this.#wrong("bag_declaration_missing", "bagit.txt", "bagit.txt is missing");
      return;
    }
    const bytes = await this.#whole("bagit.txt");
    if (bytes === undefined) return;
    const declaration = parseDeclaration(bytes);
    if ("code" in declaration) {
      this.problems.push(declaration);
      return;
    }
    this.declaration = declaration;
    await this.#checkInfo(declaration);
    const payload = await this.#readManifests(declaration, "manifest-");
    const tags = await this.#readManifests(declaration, "tagmanifest-");
    if (this.present.has("fetch.txt")) await this.#judgeFetch(declaration, fetch, payload.listed);
    this.#checkPayloadComplete(declaration, payload);
    this.#checkTagsPresent(tags.listed);
    for (const [path, wanted] of [...payload.listed, ...tags.listed]) {
      if (this.present.has(path)) await this.#checkDigests(path, wanted);
    }
  }

  #checkPaths(): void {
    for (const { path } of this.#reader.files) {
      const unsafe = unsafePath(path);
      if (unsafe !== undefined) this.#wrong("bag_path_unsafe", path, `the path ${JSON.stringify(path)} ${unsafe}`);
    }
    for (const group of collidingPaths(this.#reader.files.map((file) => file.path))) {
      const says = `some file systems take these for one: ${group.join(", ")}`;
      this.#wrong("bag_path_collision", group[0] ?? "", says);
    }
  }

  async #checkInfo(declaration: BagDeclaration): Promise<void> {
    if (!this.present.has("bag-info.txt")) return;
    const text = await this.#text("bag-info.txt", declaration);
    if (text === undefined) return;
    const info = parseBagInfo(text, declaration.version);
    const oxum = info === undefined ? "malformed" : payloadOxum(info);
    if (info !== undefined) this.info = info;
    if (oxum === "malformed") this.#wrong("bag_info_malformed", "bag-info.txt", "bag-info.txt has a malformed line");
    if (typeof oxum === "string") return;
    const payload = [...this.present].filter(([path]) => path.startsWith("data/"));
    const octets = payload.reduce((sum, [, bytes]) => sum + bytes, 0);
    if (oxum.octets !== octets || oxum.files !== payload.length) {
      const says = `the payload is ${octets} bytes in ${payload.length} files; bag-info.txt says ${oxum.octets} in ${oxum.files}`;
      this.#wrong("bag_oxum_mismatch", "bag-info.txt", says);
    }
  }

  async #readManifests(declaration: BagDeclaration, prefix: "manifest-" | "tagmanifest-"): Promise<Manifests> {
    const listed: Listed = new Map();
    const each: { name: string; paths: Set<string> }[] = [];
    const names = [...this.present.keys()].filter((path) => path.startsWith(prefix) && path.endsWith(".txt")).sort();
    for (const name of names) {
      const algorithm = manifestAlgorithm(name);
      if (algorithm === undefined || this.#hashing.hasher(algorithm) === undefined) {
        this.#wrong("bag_algorithm_unsupported", name, `${name} uses a hash that is not understood here`);
        continue;
      }
      const text = await this.#text(name, declaration);
      if (text === undefined) continue;
      const manifest = parseManifest(text, { name, algorithm, version: declaration.version });
      this.problems.push(...manifest.problems);
      const paths = new Set<string>();
      for (const { path, digest } of manifest.lines) {
        if ((prefix === "manifest-") !== path.startsWith("data/")) {
          this.#wrong("bag_manifest_malformed", name, `${name} lists ${path}, which is on the other side of data/`);
          continue;
        }
        paths.add(path);
        const wanted = listed.get(path) ?? new Map<HashAlgorithm, { digest: string; by: string }>();
        listed.set(path, wanted.set(algorithm, { digest, by: name }));
      }
      each.push({ name, paths });
    }
    return { listed, each };
  }

  #checkPayloadComplete(declaration: BagDeclaration, { listed, each }: Manifests): void {
    if (each.length === 0) this.#wrong("bag_manifest_missing", "", "no payload manifest can be read");
    for (const path of listed.keys()) {
      if (!this.present.has(path)) this.#wrong("bag_file_missing", path, `${path} is listed but missing`);
    }
    for (const path of this.present.keys()) {
      if (path.startsWith("data/") && !listed.has(path)) {
        this.#wrong("bag_file_extra", path, `${path} is in no manifest: it was added`);
      }
    }
    // 1.0: every manifest lists every payload file; 0.97: together they do.
    if (declaration.version !== "1.0") return;
    for (const { name, paths } of each) {
      for (const path of listed.keys()) {
        if (!paths.has(path)) this.#wrong("bag_manifest_malformed", name, `${name} does not list ${path}`);
      }
    }
  }

  #checkTagsPresent(listed: Listed): void {
    for (const path of listed.keys()) {
      if (!this.present.has(path)) this.#wrong("bag_file_missing", path, `${path} is listed but missing`);
    }
  }

  async #judgeFetch(declaration: BagDeclaration, fetch: "refuse" | "judge", payload: Listed): Promise<void> {
    if (fetch === "refuse") {
      this.#wrong("bag_fetch_refused", "fetch.txt", "fetch.txt asks to load files from elsewhere, which is never done");
      return;
    }
    const text = await this.#text("fetch.txt", declaration);
    if (text === undefined) return;
    const paths = fetchPaths(text, declaration.version);
    if (paths === undefined) this.#wrong("bag_fetch_refused", "fetch.txt", "fetch.txt has a malformed line");
    for (const path of paths ?? []) {
      const unsafe = unsafePath(path);
      if (unsafe !== undefined)
        this.#wrong("bag_path_unsafe", "fetch.txt", `fetch.txt: the path ${JSON.stringify(path)} ${unsafe}`);
      else if (!payload.has(path))
        this.#wrong("bag_fetch_refused", "fetch.txt", `fetch.txt names ${path}, which no manifest lists`);
    }
  }

  async #text(path: string, declaration: BagDeclaration): Promise<string | undefined> {
    const bytes = await this.#whole(path);
    if (bytes === undefined) return undefined;
    const text = decodeText(bytes, declaration.encoding);
    if (text === undefined) this.#wrong("bag_tag_file_unreadable", path, `${path} is not ${declaration.encoding} text`);
    return text;
  }

  async #whole(path: string): Promise<Uint8Array | undefined> {
    if ((this.present.get(path) ?? 0) > tagFileBytesMax) {
      this.#wrong("bag_tag_file_unreadable", path, `${path} is larger than 64 MiB`);
      return undefined;
    }
    try {
      return await collectBytes(this.#reader.open(path), tagFileBytesMax);
    } catch (fault) {
      this.#unreadable(path, fault);
      return undefined;
    }
  }

  async #checkDigests(path: string, wanted: ReadonlyMap<HashAlgorithm, { digest: string; by: string }>): Promise<void> {
    const hashers = new Map<HashAlgorithm, Hasher>();
    for (const algorithm of wanted.keys()) {
      const hasher = this.#hashing.hasher(algorithm);
      if (hasher !== undefined) hashers.set(algorithm, hasher);
    }
    try {
      for await (const chunk of this.#reader.open(path)) for (const hasher of hashers.values()) hasher.update(chunk);
    } catch (fault) {
      this.#unreadable(path, fault);
      return;
    }
    const found = new Map([...hashers].map(([algorithm, hasher]) => [algorithm, toHex(hasher.digest())] as const));
    this.digests.set(path, found);
    for (const [algorithm, { digest, by }] of wanted) {
      if (found.get(algorithm) === digest) continue;
      const says = `${path} was changed: its ${algorithm} is ${found.get(algorithm) ?? ""}, ${by} says ${digest}`;
      this.#wrong("bag_file_changed", path, says);
      return;
    }
  }

  #unreadable(path: string, fault: unknown): void {
    if (fault instanceof EvidenceFault && fault.code === "zip_entry_damaged") {
      this.#wrong(
        "bag_file_changed",
        path,
        `${path} was changed: it does not have the length and checksum that the zip states`,
      );
      return;
    }
    const reason = fault instanceof Error ? fault.message : String(fault);
    this.#wrong("bag_file_unreadable", path, `${path} cannot be read: ${reason}`);
  }
}

type Manifests = {
  readonly listed: Listed;
  readonly each: readonly { readonly name: string; readonly paths: Set<string> }[];
};

/** All chunks in one array; throws a RangeError beyond `bytesMax`. */
export async function collectBytes(chunks: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > bytesMax) throw new RangeError(`more than ${bytesMax} bytes`);
    parts.push(chunk);
  }
  return joinBytes(parts);
}
