import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { validateBag, type BagReader } from "./bag-read.ts";
import type { BagProblemCode } from "./bag-text.ts";
import { buildBagTexts, encodeBagPath, type PayloadFile } from "./bag-write.ts";
import { concatBytes, utf8 } from "./bytes.ts";
import { pureHashing } from "./hashing.ts";
import { expectAccepted } from "./refusal.ts";
import { collidingPaths, safeFilename, unsafePath } from "./safe-path.ts";

type Files = Map<string, Uint8Array>;

function payloadFile(path: string, bytes: Uint8Array): PayloadFile {
  const hex = (algorithm: string) => createHash(algorithm).update(bytes).digest("hex");
  return { path, bytes: bytes.length, sha256: hex("sha256"), sha512: hex("sha512") };
}

function bagOf(payload: ReadonlyMap<string, Uint8Array>): Files {
  const listed = [...payload].map(([path, bytes]) => payloadFile(path, bytes));
  const texts = expectAccepted(
    buildBagTexts(pureHashing, { payload: listed, info: [["Source-Organization", "Example"]] }),
  );
  const files: Files = new Map([...payload].map(([path, bytes]) => [`data/${path}`, bytes]));
  for (const { path, text } of [...texts.covered, ...texts.tagManifests]) files.set(path, utf8(text));
  return files;
}

function readerOf(files: Files): BagReader {
  return {
    files: [...files].map(([path, bytes]) => ({ path, bytes: bytes.length })),
    async *open(path) {
      const bytes = files.get(path);
      if (bytes === undefined) throw new Error("no such file");
      for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
    },
  };
}

async function codesOf(files: Files, fetch: "refuse" | "judge" = "refuse"): Promise<BagProblemCode[]> {
  const report = await validateBag(readerOf(files), { hashing: pureHashing, fetch });
  return report.problems.map((problem) => problem.code);
}

const good = () =>
  bagOf(
    new Map([
      ["a.txt", utf8("alpha")],
      ["deep/er/b.txt", utf8("beta")],
      ["100%.txt", utf8("percent")],
      ["line\nbreak.txt", utf8("lf")],
      ["%0A.txt", utf8("not a line feed")],
    ]),
  );

test("I07 a bag that we write is valid, and its texts are as RFC 8493 says", async () => {
  const files = good();
  assert.deepEqual(await codesOf(files), []);
  assert.deepEqual(files.get("bagit.txt"), utf8("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"));
  const report = await validateBag(readerOf(files), { hashing: pureHashing });
  assert.equal(report.version, "1.0");
  assert.deepEqual(report.info, [
    ["Source-Organization", "Example"],
    ["Payload-Oxum", "33.5"],
  ]);
  assert.equal(encodeBagPath("a%\r\n"), "a%25%0D%0A");
});

test("I07 random payloads make valid bags", async () => {
  const name = fc
    .stringMatching(/^[a-z0-9%äß .-]{1,12}$/)
    .filter((text) => unsafePath(text) === undefined && text.trim() === text);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, fc.uint8Array({ maxLength: 50 })), { maxLength: 8 }), async (entries) => {
      const payload = new Map(entries);
      fc.pre(collidingPaths(payload.keys()).length === 0);
      assert.deepEqual(await codesOf(bagOf(payload)), []);
    }),
    { numRuns: 40 },
  );
});

function set(path: string, text: string): (files: Files) => void {
  return (files) => files.set(path, utf8(text));
}

function edit(path: string, by: (text: string) => string): (files: Files) => void {
  return (files) => files.set(path, utf8(by(Buffer.from(files.get(path) ?? []).toString())));
}

const broken: readonly {
  readonly says: string;
  readonly change: (files: Files) => void;
  readonly code: BagProblemCode;
}[] = [
  { says: "a changed byte", change: set("data/a.txt", "alphb"), code: "bag_file_changed" },
  { says: "a missing payload file", change: (files) => files.delete("data/a.txt"), code: "bag_file_missing" },
  { says: "an extra payload file", change: set("data/c.txt", ""), code: "bag_file_extra" },
  { says: "no bagit.txt", change: (files) => files.delete("bagit.txt"), code: "bag_declaration_missing" },
  {
    says: "a byte order mark in bagit.txt",
    change: edit("bagit.txt", (text) => `\ufeff${text}`),
    code: "bag_declaration_malformed",
  },
  {
    says: "a third line in bagit.txt",
    change: edit("bagit.txt", (text) => `${text}More: 1\n`),
    code: "bag_declaration_malformed",
  },
  {
    says: "white space before the colon",
    change: edit("bagit.txt", (text) => text.replace(":", " :")),
    code: "bag_declaration_malformed",
  },
  {
    says: "two spaces after the colon",
    change: edit("bagit.txt", (text) => text.replace(": ", ":  ")),
    code: "bag_declaration_malformed",
  },
  {
    says: "version 0.96",
    change: edit("bagit.txt", (text) => text.replace("1.0", "0.96")),
    code: "bag_version_unsupported",
  },
  {
    says: "version 2.0",
    change: edit("bagit.txt", (text) => text.replace("1.0", "2.0")),
    code: "bag_version_unsupported",
  },
  {
    says: "an unknown encoding",
    change: edit("bagit.txt", (text) => text.replace("UTF-8", "UTF-7")),
    code: "bag_encoding_unsupported",
  },
  {
    says: "a wrong oxum",
    change: edit("bag-info.txt", (text) => text.replace("33.5", "33.6")),
    code: "bag_oxum_mismatch",
  },
  {
    says: "a malformed oxum",
    change: edit("bag-info.txt", (text) => text.replace("33.5", "33")),
    code: "bag_info_malformed",
  },
  {
    says: "two oxums",
    change: edit("bag-info.txt", (text) => `${text}Payload-Oxum: 33.5\n`),
    code: "bag_info_malformed",
  },
  {
    says: "a bag-info line without colon",
    change: edit("bag-info.txt", (text) => `${text}nothing\n`),
    code: "bag_info_malformed",
  },
  { says: "a changed bag-info", change: edit("bag-info.txt", (text) => `${text}More: 1\n`), code: "bag_file_changed" },
  {
    says: "a tag file that is not UTF-8",
    change: (files) => files.set("bag-info.txt", Uint8Array.of(0xff)),
    code: "bag_tag_file_unreadable",
  },
  { says: "a missing tag file", change: (files) => files.delete("bag-info.txt"), code: "bag_file_missing" },
  {
    says: "no manifest",
    change: (files) => ["manifest-sha256.txt", "manifest-sha512.txt"].forEach((name) => files.delete(name)),
    code: "bag_manifest_missing",
  },
  {
    says: "an unknown algorithm",
    change: set("manifest-crc32.txt", "00000000  data/a.txt\n"),
    code: "bag_algorithm_unsupported",
  },
  {
    says: "a malformed manifest line",
    change: edit("manifest-sha256.txt", (text) => `${text}what\n`),
    code: "bag_manifest_malformed",
  },
  {
    says: "a manifest with one file fewer",
    change: edit("manifest-sha512.txt", (text) => text.replace(/^.*\n/, "")),
    code: "bag_manifest_malformed",
  },
  {
    says: "a path listed twice",
    change: edit("manifest-sha256.txt", (text) => text + (text.split("\n")[0] ?? "")),
    code: "bag_path_twice",
  },
  {
    says: "a manifest that lists a tag file",
    change: edit("manifest-sha256.txt", (text) => `${text}${"0".repeat(64)}  bagit.txt\n`),
    code: "bag_manifest_malformed",
  },
  {
    says: "a listed path outside",
    change: edit("manifest-sha256.txt", (text) => `${text}${"0".repeat(64)}  data/../../etc/passwd\n`),
    code: "bag_path_unsafe",
  },
  { says: "an unsafe file", change: set("data/~/../x", ""), code: "bag_path_unsafe" },
  { says: "two files that differ in case", change: set("data/A.txt", "alpha"), code: "bag_path_collision" },
  { says: "fetch.txt", change: set("fetch.txt", "http://127.0.0.1/ - data/a.txt\n"), code: "bag_fetch_refused" },
];
for (const { says, change, code } of broken) {
  test(`I06 I07 a bag with ${says} is refused with ${code}`, async () => {
    const files = good();
    change(files);
    const codes = await codesOf(files);
    assert.ok(codes.includes(code), codes.join());
  });
}

test("I07 every problem is reported, not only the first", async () => {
  const files = good();
  files.set("data/a.txt", utf8("other"));
  files.delete("data/deep/er/b.txt");
  files.set("data/c.txt", utf8("!!!!"));
  assert.deepEqual((await codesOf(files)).sort(), ["bag_file_changed", "bag_file_extra", "bag_file_missing"]);
});

test("I07 a file that cannot be read is named", async () => {
  const reader = readerOf(good());
  const failing: BagReader = {
    ...reader,
    open: (path) => (path === "data/a.txt" ? failingStream() : reader.open(path)),
  };
  const report = await validateBag(failing, { hashing: pureHashing });
  assert.deepEqual(report.problems, [
    { code: "bag_file_unreadable", path: "data/a.txt", says: "data/a.txt cannot be read: disk gone" },
  ]);
});

async function* failingStream(): AsyncGenerator<Uint8Array, void, void> {
  yield Uint8Array.of(1);
  throw new Error("disk gone");
}

test("I07 fetch.txt is judged, never followed: only safe, listed and present files pass", async () => {
  const files = good();
  files.set("fetch.txt", utf8("http://127.0.0.1/a - data/a.txt\n"));
  assert.deepEqual(await codesOf(files, "judge"), []);
  for (const [line, code] of [
    ["http://127.0.0.1/a - ../up", "bag_path_unsafe"],
    ["http://127.0.0.1/a - data/none", "bag_fetch_refused"],
    ["nonsense", "bag_fetch_refused"],
  ] as const) {
    files.set("fetch.txt", utf8(`${line}\n`));
    assert.deepEqual(await codesOf(files, "judge"), [code]);
  }
});

test("I07 a 0.97 bag may use md5, ./ and *, UTF-16, and be listed by its manifests together", async () => {
  const text = `${createHash("md5").update("x").digest("hex")} *./data/x\n`;
  const utf16 = (value: string) => concatBytes(Uint8Array.of(0xff, 0xfe), Buffer.from(value, "utf16le"));
  const files: Files = new Map([
    ["bagit.txt", utf8("BagIt-Version: 0.97\r\nTag-File-Character-Encoding: UTF-16")],
    ["manifest-md5.txt", utf16(text)],
    ["bag-info.txt", utf16("Test-Tag : 1\r\n  folded\r\nPayload-Oxum: 1.1\r\n")],
    ["data/x", utf8("x")],
  ]);
  const report = await validateBag(readerOf(files), { hashing: pureHashing });
  assert.deepEqual(report.problems, []);
  assert.deepEqual(report.info[0], ["Test-Tag", "1 folded"]);
});

const refusedWrites: readonly { readonly says: string; readonly paths: readonly string[]; readonly code: string }[] = [
  { says: "an absolute path", paths: ["/etc/passwd"], code: "bag_path_unsafe" },
  { says: "a path upwards", paths: ["a/../../b"], code: "bag_path_unsafe" },
  { says: "paths that differ in case", paths: ["a/B", "A/b"], code: "bag_path_collision" },
  { says: "paths that differ in normalisation", paths: ["\u00f1", "n\u0303"], code: "bag_path_collision" },
  { says: "one path twice", paths: ["a", "a"], code: "bag_path_collision" },
];
for (const { says, paths, code } of refusedWrites) {
  test(`I07 writing a bag with ${says} is refused with ${code}`, () => {
    const payload = paths.map((path) => payloadFile(path, utf8("x")));
    const built = buildBagTexts(pureHashing, { payload, info: [] });
    assert.equal(!built.ok && built.error.code, code);
  });
}

test("I07 bag-info that would not read back and digests of another form are refused", () => {
  for (const pair of [
    ["Payload-Oxum", "1.1"],
    ["A B", "x"],
    ["A", "x\ny"],
    ["A", " x"],
    ["A", ""],
  ] as const) {
    const built = buildBagTexts(pureHashing, { payload: [], info: [pair] });
    assert.equal(!built.ok && built.error.code, "bag_info_malformed");
  }
  const upper = { ...payloadFile("a", utf8("x")), sha256: "A".repeat(64) };
  const built = buildBagTexts(pureHashing, { payload: [upper], info: [] });
  assert.equal(!built.ok && built.error.code, "bag_digest_malformed");
});

const paths: readonly (readonly [string, boolean])[] = [
  ["a/b.txt", true],
  ["a b/ü.txt", true],
  ["...", true],
  ["a~", true],
  ["", false],
  ["/a", false],
  ["a//b", false],
  ["a/", false],
  ["./a", false],
  ["a/..", false],
  ["~root/x", false],
  ["a\\b", false],
  ["C:/x", false],
  ["c:x", false],
  ["a\0b", false],
  ["a/CON", false],
  ["lpt1.txt", false],
  ["\ud800", false],
  ["x".repeat(1025), false],
];
for (const [path, safe] of paths) {
  test(`I07 the path ${JSON.stringify(path.slice(0, 20))} is ${safe ? "safe" : "refused"}`, () => {
    assert.equal(unsafePath(path) === undefined, safe);
  });
}

const filenames: readonly (readonly [string, string])[] = [
  ["till 3.mp4", "till 3.mp4"],
  ["../../etc/passwd", "passwd"],
  ["C:\\Users\\me\\film.avi", "film.avi"],
  ["2026-11-20T10:00:00.mp4", "2026-11-20T10_00_00.mp4"],
  ["~root", "_root"],
  ["", "_"],
  ["..", "_"],
  ["con.txt", "_con.txt"],
  ["a\u202egnp.exe", "a_gnp.exe"],
  ["name. . ", "name"],
  [`${"\u00e4".repeat(300)}.jpeg`, `${"\u00e4".repeat(97)}.jpeg`],
];
for (const [given, want] of filenames) {
  test(`I07 an upload called ${JSON.stringify(given.slice(0, 30))} is kept as ${JSON.stringify(want.slice(0, 30))}`, () => {
    assert.equal(safeFilename(given), want);
  });
}

test("I07 whatever an upload is called, its file name is safe, short and settled", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme", maxLength: 400 })), (given) => {
      const name = safeFilename(given);
      assert.equal(unsafePath(`exhibits/1/${name}`), undefined);
      assert.ok(utf8(name).length <= 201);
      assert.equal(safeFilename(name), name);
    }),
    { numRuns: 500 },
  );
});
