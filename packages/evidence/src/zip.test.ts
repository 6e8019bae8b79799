import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 as zlibCrc32, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { collectBytes } from "./bag-read.ts";
import { concatBytes, utf8 } from "./bytes.ts";
import { pureHashing } from "./hashing.ts";
import { collidingPaths, unsafePath } from "./safe-path.ts";
import { memorySource, testSealedAtMs, zipBytes } from "./testing/packet-builder.ts";
import { zipLimits, type ByteSource, type ZipLimits } from "./zip-archive.ts";
import { centralHeader, dosTime, endRecords, localHeader, sealedComment } from "./zip-form.ts";
import { openZipEntry, readZip } from "./zip-read.ts";
import { measurePayload, writeZip, zipLength, type ZipInput } from "./zip-write.ts";

const at = dosTime(testSealedAtMs);

function input(path: string, bytes: Uint8Array): ZipInput {
  return { path, bytes: bytes.length, crc32: zlibCrc32(bytes), open: () => [bytes] };
}

async function codeOf(bytes: Uint8Array, limits: ZipLimits = zipLimits): Promise<string> {
  const read = await readZip(memorySource(bytes), limits);
  return read.ok ? "ok" : read.error.code;
}

/** A zip by hand, each record open to lies: what a hostile tool could write. */
type Raw = {
  readonly name?: string;
  readonly localName?: string;
  readonly data?: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  readonly localFlags?: number;
  readonly bytes?: number;
  readonly attributes?: number;
  readonly descriptor?: boolean;
  readonly crc?: number;
};

function rawZip(
  entries: readonly Raw[],
  around: { before?: Uint8Array; between?: Uint8Array; after?: Uint8Array } = {},
): Uint8Array {
  const parts: Uint8Array[] = [around.before ?? new Uint8Array(0)];
  const central: Uint8Array[] = [];
  let offset = parts[0]?.length ?? 0;
  for (const raw of entries) {
    const { data = utf8("data"), method = 0, name = "a" } = raw;
    const flags = raw.flags ?? 0x0800 | (raw.descriptor === true ? 8 : 0);
    const unpacked = raw.bytes ?? data.length;
    const crc = raw.crc ?? zlibCrc32(data);
    const entry = { path: name, bytes: 0, crc32: crc, offset };
    const local = localHeader({ ...entry, path: raw.localName ?? name }, at);
    const localView = new DataView(local.buffer);
    localView.setUint16(6, raw.localFlags ?? flags, true);
    localView.setUint16(8, method, true);
    if (raw.descriptor === true) localView.setUint32(14, 0, true);
    localView.setUint32(18, raw.descriptor === true ? 0 : data.length, true);
    localView.setUint32(22, raw.descriptor === true ? 0 : unpacked, true);
    const line = centralHeader(entry, at);
    const view = new DataView(line.buffer);
    view.setUint16(8, flags, true);
    view.setUint16(10, method, true);
    view.setUint32(20, data.length, true);
    view.setUint32(24, unpacked, true);
    if (raw.attributes !== undefined) view.setUint32(38, raw.attributes, true);
    const descriptor = new Uint8Array(raw.descriptor === true ? 16 : 0);
    if (raw.descriptor === true) {
      const words = [0x08074b50, crc, data.length, unpacked];
      for (const [i, word] of words.entries()) new DataView(descriptor.buffer).setUint32(4 * i, word, true);
    }
    const part = concatBytes(local, data, descriptor);
    parts.push(part);
    central.push(line);
    offset += part.length;
  }
  parts.push(around.between ?? new Uint8Array(0));
  offset += around.between?.length ?? 0;
  const directory = concatBytes(...central);
  const end = endRecords({ entries: entries.length, offset, bytes: directory.length, comment: "" });
  return concatBytes(...parts, directory, end, around.after ?? new Uint8Array(0));
}

const link = 0o120777 * 0x10000;
const zeros = new Uint8Array(4 * 1024 * 1024);
const bomb = deflateRawSync(zeros);

const hostile: readonly { readonly says: string; readonly zip: Uint8Array; readonly code: string }[] = [
  { says: "a path upwards", zip: rawZip([{ name: "../a" }]), code: "zip_path_unsafe" },
  { says: "an absolute path", zip: rawZip([{ name: "/a" }]), code: "zip_path_unsafe" },
  { says: "a backslash", zip: rawZip([{ name: "a\\b" }]), code: "zip_path_unsafe" },
  { says: "a name in an unknown code page", zip: rawZip([{ name: "\u00fc", flags: 0 }]), code: "zip_path_unsafe" },
  { says: "one path twice", zip: rawZip([{}, {}]), code: "zip_path_twice" },
  { says: "paths that differ in case", zip: rawZip([{ name: "a" }, { name: "A" }]), code: "zip_path_twice" },
  {
    says: "a file and a folder of one name",
    zip: rawZip([{ name: "a" }, { name: "a/", data: new Uint8Array(0) }]),
    code: "zip_path_twice",
  },
  { says: "an encrypted entry", zip: rawZip([{ flags: 0x0801 }]), code: "zip_encrypted" },
  { says: "an unknown flag", zip: rawZip([{ flags: 0x0820 }]), code: "zip_malformed" },
  { says: "an unknown method", zip: rawZip([{ method: 12 }]), code: "zip_method_unsupported" },
  { says: "a link", zip: rawZip([{ attributes: link }]), code: "zip_not_a_file" },
  { says: "a folder with content", zip: rawZip([{ name: "a/" }]), code: "zip_not_a_file" },
  { says: "another local name", zip: rawZip([{ localName: "b" }]), code: "zip_headers_differ" },
  { says: "other local flags", zip: rawZip([{ localFlags: 0 }]), code: "zip_headers_differ" },
  { says: "two sizes of a stored file", zip: rawZip([{ bytes: 5 }]), code: "zip_malformed" },
  { says: "data before", zip: rawZip([{}], { before: utf8("#!/bin/sh") }), code: "zip_surrounding_data" },
  { says: "data between", zip: rawZip([{}], { between: utf8("hidden") }), code: "zip_surrounding_data" },
  { says: "data after", zip: rawZip([{}], { after: utf8("hidden") }), code: "zip_surrounding_data" },
  {
    says: "a ratio beyond all sense",
    zip: rawZip([{ method: 8, data: bomb, bytes: zeros.length }]),
    code: "zip_too_large",
  },
];
for (const { says, zip, code } of hostile) {
  test(`I06 a zip with ${says} is refused with ${code}`, async () => assert.equal(await codeOf(zip), code));
}

test("I06 the hand-made zip is accepted when it does not lie", async () => {
  assert.equal(
    await codeOf(
      rawZip([{}, { name: "b", method: 8, data: deflateRawSync(utf8("x")), bytes: 1, crc: zlibCrc32("x") }]),
    ),
    "ok",
  );
  assert.equal(await codeOf(rawZip([{ descriptor: true }, { name: "f/", data: new Uint8Array(0) }])), "ok");
});

test("I06 what is cut off is told from what is no zip", async () => {
  const zip = rawZip([{}]);
  for (const cut of [zip.length - 1, zip.length - 30, 30, 4])
    assert.equal(await codeOf(zip.slice(0, cut)), "zip_truncated");
  for (const other of [new Uint8Array(0), utf8("PK"), utf8("x".repeat(100))])
    assert.equal(await codeOf(other), "zip_not_a_zip");
});

test("I06 overlapping entries are refused", async () => {
  const zip = rawZip([{ name: "a" }, { name: "b" }]);
  // The second line of the directory is made to point at the first entry.
  const directoryAt = new DataView(zip.buffer).getUint32(zip.length - 6, true);
  new DataView(zip.buffer).setUint32(directoryAt + 47 + 42, 0, true);
  assert.equal(await codeOf(zip), "zip_overlap");
});

test("I06 limits hold: entries, directory, total size", async () => {
  const zip = rawZip([{ name: "a" }, { name: "b" }]);
  assert.equal(await codeOf(zip, { ...zipLimits, entriesMax: 1 }), "zip_too_large");
  assert.equal(await codeOf(zip, { ...zipLimits, directoryBytesMax: 50 }), "zip_too_large");
  assert.equal(await codeOf(zip, { ...zipLimits, bytesMax: 7 }), "zip_too_large");
  assert.equal(await codeOf(zip, { ...zipLimits, bytesMax: 8 }), "ok");
});

test("I06 an entry that unpacks to more than it says stops at once", async () => {
  const zip = rawZip([{ method: 8, data: bomb, bytes: 100, crc: 0 }]);
  const archive = await readZip(memorySource(zip));
  assert.ok(archive.ok);
  const [entry] = archive.value.entries;
  assert.ok(entry);
  await assert.rejects(collectBytes(openZipEntry(memorySource(zip), entry, pureHashing), 2 ** 30), {
    code: "zip_entry_damaged",
  });
});

for (const [says, data] of [
  ["cut off", bomb.subarray(0, 50)],
  ["garbage", utf8("this is not deflate at all")],
  ["followed by more", concatBytes(deflateRawSync(utf8("x")), utf8("more"))],
] as const) {
  test(`I06 a deflated entry that is ${says} is damaged`, async () => {
    const zip = rawZip([{ method: 8, data, bytes: 1, crc: zlibCrc32("x") }]);
    const archive = await readZip(memorySource(zip));
    const [entry] = archive.ok ? archive.value.entries : [];
    assert.ok(entry);
    await assert.rejects(collectBytes(openZipEntry(memorySource(zip), entry, pureHashing), 2 ** 30), {
      code: "zip_entry_damaged",
    });
  });
}

test("I06 random bytes, with and without a zip's start, are refused without a throw", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, start) => {
      const zip = start ? concatBytes(Uint8Array.of(0x50, 0x4b, 3, 4), bytes) : bytes;
      assert.notEqual(await codeOf(zip), "ok");
    }),
  );
});

const entryName = fc.stringMatching(/^[a-zA-Z0-9ü/ ._-]{1,20}$/).filter((path) => unsafePath(path) === undefined);
const files = fc
  .array(fc.tuple(entryName, fc.uint8Array({ maxLength: 400 })), { maxLength: 8 })
  .filter((list) => collidingPaths(list.map(([path]) => path)).length === 0);

test("I24 what is written reads back byte for byte, has the foretold length, and is the same each time", async () => {
  await fc.assert(
    fc.asyncProperty(files, fc.constantFrom("", sealedComment), async (list, comment) => {
      const inputs = list.map(([path, bytes]) => input(path, bytes));
      const zip = await zipBytes(inputs, pureHashing, comment);
      assert.deepEqual(await zipBytes(inputs, pureHashing, comment), zip);
      assert.equal(zipLength(inputs, comment), zip.length);
      const archive = await readZip(memorySource(zip));
      assert.ok(archive.ok);
      assert.equal(archive.value.form, comment === "" ? "repackaged" : "sealed");
      const back = archive.value.entries.map(async (entry) => [
        entry.path,
        await collectBytes(openZipEntry(memorySource(zip), entry, pureHashing), 1000),
      ]);
      assert.deepEqual(await Promise.all(back), list);
    }),
    { numRuns: 60 },
  );
});

test("I24 a zip with our comment must have our form exactly", async () => {
  const zip = await zipBytes([input("a", utf8("x"))], pureHashing, sealedComment);
  assert.equal(await codeOf(zip), "ok");
  const directoryAt = new DataView(zip.buffer).getUint32(zip.length - sealedComment.length - 6, true);
  // Version made by, internal and external attributes: no reader minds them, the form does.
  for (const offset of [4, 36, 38]) {
    const changed = Uint8Array.from(zip);
    changed[directoryAt + offset] = (changed[directoryAt + offset] ?? 0) ^ 1;
    assert.equal(await codeOf(changed), "zip_form_changed");
  }
});

test("I24 a source that changed after measuring is caught while writing", async () => {
  for (const now of ["y", "", "xx"]) {
    const inputs = [{ ...input("a", utf8("x")), open: () => [utf8(now)] }];
    await assert.rejects(zipBytes(inputs, pureHashing), { code: "zip_source_changed" });
  }
});

test("I24 unsafe and colliding paths are never written", async () => {
  for (const paths of [["../a"], ["a", "A"]]) {
    await assert.rejects(
      zipBytes(
        paths.map((path) => input(path, utf8("x"))),
        pureHashing,
      ),
      RangeError,
    );
  }
});

test("I24 measuring gives what manifest and zip need", async () => {
  const measured = await measurePayload(pureHashing, [utf8("a"), utf8("bc")]);
  assert.equal(measured.bytes, 3);
  assert.equal(measured.crc32, 0x352441c2);
  assert.equal(measured.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.match(measured.sha512, /^ddaf35a193617abacc417349ae204131/);
});

test("I24 zip64: more than 65,535 entries read back", async () => {
  const inputs = Array.from({ length: 65_540 }, (_, i) => input(`f/${i}`, new Uint8Array(0)));
  const zip = await zipBytes(inputs, pureHashing, sealedComment);
  assert.equal(zipLength(inputs, sealedComment), zip.length);
  const archive = await readZip(memorySource(zip));
  assert.equal(archive.ok && archive.value.entries.length, 65_540);
});

/** A file of zeros in which some pieces stand: gigabytes without memory. */
function sparseSource(size: number, pieces: readonly (readonly [number, Uint8Array])[]): ByteSource {
  return {
    size,
    read: (offset, length) => {
      assert.ok(offset >= 0 && offset + length <= size && length < 2 ** 26);
      const out = new Uint8Array(length);
      for (const [start, bytes] of pieces) {
        const from = Math.max(start, offset);
        const to = Math.min(start + bytes.length, offset + length);
        if (from < to) out.set(bytes.subarray(from - start, to - start), from - offset);
      }
      return Promise.resolve(out);
    },
  };
}

test("I24 zip64: an entry of 5 GiB, and one that starts beyond it, read back", async () => {
  const large = { path: "large", bytes: 5 * 2 ** 30, crc32: 1, offset: 0 };
  const first = localHeader(large, at);
  const small = { path: "small", bytes: 1, crc32: zlibCrc32("x"), offset: first.length + large.bytes };
  const second = concatBytes(localHeader(small, at), utf8("x"));
  const offset = small.offset + second.length;
  const directory = concatBytes(centralHeader(large, at), centralHeader(small, at));
  const end = endRecords({ entries: 2, offset, bytes: directory.length, comment: sealedComment });
  const size = offset + directory.length + end.length;
  assert.equal(zipLength([large, small], sealedComment), size);
  const source = sparseSource(size, [
    [0, first],
    [small.offset, second],
    [offset, directory],
    [offset + directory.length, end],
  ]);
  const archive = await readZip(source);
  assert.ok(archive.ok);
  assert.equal(archive.value.form, "sealed");
  const [, entry] = archive.value.entries;
  assert.ok(entry);
  assert.deepEqual(await collectBytes(openZipEntry(source, entry, pureHashing), 10), utf8("x"));
});

test("I24 the writer keeps only headers: a long source passes through chunk by chunk", async () => {
  const chunk = new Uint8Array(1024 * 1024);
  const count = 64;
  const crc32 = Array.from({ length: count }).reduce<number>((seed) => zlibCrc32(chunk, seed), 0);
  const long: ZipInput = {
    path: "long",
    bytes: count * chunk.length,
    crc32,
    *open() {
      for (let i = 0; i < count; i += 1) yield chunk;
    },
  };
  let largest = 0;
  const hashing = { ...pureHashing, crc32: (bytes: Uint8Array, seed: number) => zlibCrc32(bytes, seed) };
  for await (const part of writeZip([long], { hashing, modifiedAtMs: testSealedAtMs }))
    largest = Math.max(largest, part.length);
  assert.equal(largest, chunk.length);
});

test("I24 times outside a zip's reach are refused", () => {
  assert.throws(() => dosTime(0), RangeError);
  assert.throws(() => dosTime(Number.NaN), RangeError);
  assert.deepEqual(dosTime(Date.UTC(2026, 10, 20, 10, 0, 2)), {
    date: (46 << 9) | (11 << 5) | 20,
    time: (10 << 11) | 1,
  });
});
