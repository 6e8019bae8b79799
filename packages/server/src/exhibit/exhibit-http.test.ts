import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { sql } from "kysely";
import { verifyCustodyChain } from "@tillwatch/evidence";
import type { ExhibitView, Problem } from "@tillwatch/wire";
import { masterKey } from "../platform/keys/keys.ts";
import { silentLog } from "../platform/log.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import { ObjectStoreFault, type ObjectStore } from "../platform/object-store.ts";
import type { OpenDatabase } from "../schema.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { bearer } from "../testing/server.ts";
import { turnTwoKeys } from "../testing/two-keys.ts";
import { incidentId, serve, withHouse, type House } from "../testing/prove-house.ts";
import { exhibitRoutes } from "./exhibit-http.ts";
import { sweepExhibits, type ExhibitDeps } from "./exhibit-intake-store.ts";
import { custodyOf } from "./exhibit-read.ts";

type Served = House & { readonly url: string };

/** Asks as the administrator. */
const fetch: typeof globalThis.fetch = (input, init) =>
  globalThis.fetch(input, {
    ...init,
    headers: { ...bearer, ...(init?.headers as Record<string, string> | undefined) },
  });

function withServer(
  database: OpenDatabase,
  run: (served: Served) => Promise<void>,
  change?: (deps: ExhibitDeps) => ExhibitDeps,
): Promise<void> {
  return withHouse(
    database,
    async (house) => {
      const { app, url } = await serve(
        house.deps.db,
        [exhibitRoutes({ minorGrounds: [], ...house.deps, log: silentLog })],
        house.deps.fields,
      );
      try {
        await run({ ...house, url });
      } finally {
        await app.close();
      }
    },
    change,
  );
}

type Form = { bytes: Uint8Array; name?: string; type?: string; fields?: Record<string, string>; fileFirst?: boolean };

function send(url: string, form: Form, id = incidentId): Promise<Response> {
  const body = new FormData();
  const file = () =>
    body.set("file", new File([Buffer.from(form.bytes)], form.name ?? "clip.mp4", { type: form.type ?? "video/mp4" }));
  if (form.fileFirst === true) file();
  for (const [name, value] of Object.entries(form.fields ?? {})) body.set(name, value);
  if (form.fileFirst !== true) file();
  return fetch(`${url}/api/v1/incidents/${id}/exhibits`, { method: "POST", body });
}

type Sent = { id: string; sha256: string; bytes: number };

/** Uploads, and turns both keys, so that what came in can be compared with what goes out. */
async function upload({ url, deps }: Pick<Served, "url" | "deps">, form: Form): Promise<Sent> {
  const response = await send(url, form);
  assert.equal(response.status, 201, await response.clone().text());
  const sent = (await response.json()) as Sent;
  await turnTwoKeys(deps.db, sent.id);
  return sent;
}

async function refusalOf(response: Response): Promise<string> {
  return `${response.status} ${((await response.json()) as Problem).code}`;
}

const sha256Of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function nothingKept({ folder, deps }: House): Promise<void> {
  const names = await readdir(join(folder, "objects"), { recursive: true });
  assert.deepEqual(
    names.filter((name) => name !== ".incoming" && name !== "exhibits"),
    [],
  );
  const { rows } = await sql<{ n: number }>`select count(*) as n from exhibit`.execute(deps.db);
  assert.equal(rows[0]?.n, 0);
}

testOnDatabases("I01 I04 I16 an upload is hashed, sealed, and every touch is a custody entry", async (database) => {
  await withServer(database, async ({ url, deps, folder, timeline }) => {
    const bytes = randomBytes(3 * 1024 * 1024 + 17);
    const sha256 = sha256Of(bytes);
    const fields = {
      sha256: sha256.toUpperCase(),
      capturedAt: "2026-03-23T15:04:05+02:00",
      source: "C-01",
      note: "aisle 4",
    };
    const received = await upload({ url, deps }, { bytes, fields, fileFirst: true, name: "../../etc/\u202egnp.exe" });
    assert.deepEqual([received.sha256, received.bytes], [sha256, bytes.length]);

    const content = await fetch(
      `${url}/api/v1/exhibits/${received.id}/content?of=original&because=review%20for%20police`,
    );
    assert.equal(
      content.headers.get("content-disposition"),
      `attachment; filename="gnp.exe"; filename*=UTF-8''gnp.exe`,
    );
    assert.equal(content.headers.get("x-content-type-options"), "nosniff");
    assert.equal(sha256Of(new Uint8Array(await content.arrayBuffer())), sha256);

    const view = (await (await fetch(`${url}/api/v1/exhibits/${received.id}`)).json()) as ExhibitView;
    assert.equal(view.capturedAt, "2026-03-23T15:04:05+02:00");
    assert.equal(view.sha512, createHash("sha512").update(bytes).digest("hex"));
    assert.deepEqual(
      view.custody.map((line) => [line.action, line.who, line.why, line.authority]),
      [
        ["captured", "C-01", "captured at the source", "role:administrator"],
        ["received", "user:admin", "uploaded as evidence of the incident", "role:administrator"],
        ["accessed", "user:admin", "review for police", "role:administrator"],
      ],
    );
    const chain = await custodyOf(deps.db, received.id);
    const verified = verifyCustodyChain(
      nodeSha256,
      chain.map((link) => link.entry),
    );
    assert.equal(verified.ok, true);
    assert.ok(!JSON.stringify(timeline).includes("gnp.exe"), "a name is sealed");
    const says = await Promise.all(timeline.map((line) => deps.fields.openWithin(deps.db, line.says)));
    assert.deepEqual(says, ["Exhibit received: gnp.exe"]);

    const stored = await readFile(join(folder, "objects", "exhibits", received.id));
    assert.equal(stored.indexOf(bytes.subarray(1000, 1032)), -1, "the plain bytes do not lie on the disk");
  });
});

testOnDatabases("I04 each custody entry stands in the audit record with its digest", async (database) => {
  await withServer(database, async ({ url, deps }) => {
    const { id } = await upload({ url, deps }, { bytes: Buffer.from("a receipt") });
    await Promise.all(
      [1, 2, 3, 4].map(() => fetch(`${url}/api/v1/exhibits/${id}/content?of=original`).then((r) => r.text())),
    );
    const chain = await custodyOf(deps.db, id);
    assert.deepEqual(
      chain.map(({ entry }) => entry.action),
      ["received", "accessed", "accessed", "accessed", "accessed"],
    );
    assert.equal(
      verifyCustodyChain(
        nodeSha256,
        chain.map((link) => link.entry),
      ).ok,
      true,
    );
    const { rows } = await sql<{ kind: string; digest: string; audited: string }>`
      select a.kind, c.digest, a.body::json ->> 'custodyDigest' as audited
      from custody_entry c join audit_entry a on a.id = c.audit_id where c.exhibit_id = ${id} order by c.seq`.execute(
      deps.db,
    );
    assert.equal(rows.length, 5);
    assert.equal(rows[0]?.kind, "exhibit.received");
    for (const row of rows) assert.equal(row.digest, row.audited);
  });
});

testOnDatabases(
  "I01 bytes that are not those the device hashed are refused, and that is on the record",
  async (database) => {
    await withServer(database, async (served) => {
      const claimed = sha256Of(Buffer.from("what the camera saw"));
      const response = await send(served.url, { bytes: Buffer.from("something else"), fields: { sha256: claimed } });
      assert.equal(await refusalOf(response), "422 exhibit_digest_mismatch");
      await nothingKept(served);
      const { rows } = await sql<{ body: string }>`select body from audit_entry where kind = 'exhibit.refused'`.execute(
        served.deps.db,
      );
      assert.equal(JSON.parse(rows[0]?.body ?? "{}").claimedSha256, claimed);
    });
  },
);

testOnDatabases("I01 I16 malformed uploads are refused by name and leave nothing", async (database) => {
  const small = (deps: ExhibitDeps) => ({ ...deps, exhibitBytesMax: 2_000_000 });
  await withServer(
    database,
    async (served) => {
      const bytes = Buffer.from("x");
      const cases: readonly [Form, string][] = [
        [{ bytes: Buffer.alloc(0) }, "400 exhibit_empty"],
        [{ bytes: Buffer.alloc(2_000_001) }, "413 exhibit_too_large"],
        [{ bytes, fields: { kind: "pointer" } }, "400 exhibit_form_malformed"],
        [{ bytes, fields: { sha256: "abc" }, fileFirst: true }, "400 exhibit_form_malformed"],
        [{ bytes, fields: { capturedAt: "yesterday" }, fileFirst: true }, "400 exhibit_form_malformed"],
        [{ bytes, fields: { capturedAt: "2026-03-23T15:04:05" } }, "400 exhibit_form_malformed"],
        [{ bytes, fields: { surprise: "1" }, fileFirst: true }, "400 exhibit_form_malformed"],
        [{ bytes, fields: { note: "n".repeat(9000) }, fileFirst: true }, "400 exhibit_form_malformed"],
      ];
      for (const [form, want] of cases) assert.equal(await refusalOf(await send(served.url, form)), want);
      const unknown = await send(served.url, { bytes }, "00000000-0000-4000-8000-000000000000");
      assert.equal(await refusalOf(unknown), "404 incident_unknown");
      const url = `${served.url}/api/v1/incidents/${incidentId}/exhibits`;
      const json = await fetch(url, { method: "POST", body: "{}", headers: { "content-type": "application/json" } });
      assert.equal(await refusalOf(json), "415 exhibit_not_multipart");
      const two = new FormData();
      two.set("file", new File(["a"], "a.txt"));
      two.set("second", new File(["b"], "b.txt"));
      assert.equal(await refusalOf(await fetch(url, { method: "POST", body: two })), "400 exhibit_form_malformed");
      const none = new FormData();
      none.set("note", "no file");
      assert.equal(await refusalOf(await fetch(url, { method: "POST", body: none })), "400 exhibit_file_missing");
      await nothingKept(served);
    },
    small,
  );
});

const boundary = "----cut";
const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.bin"\r\n\r\n`;

function raw(
  url: string,
  body: { readonly text: string; readonly length: number; readonly hangUp: boolean },
): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk.toString()));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
    socket.write(
      `POST /api/v1/incidents/${incidentId}/exhibits HTTP/1.1\r\nhost: x\r\nauthorization: ${bearer.authorization}\r\nconnection: close\r\n` +
        `content-type: multipart/form-data; boundary=${boundary}\r\ncontent-length: ${body.length}\r\n\r\n${body.text}`,
      () => {
        if (body.hangUp) setTimeout(() => socket.destroy(), 50);
      },
    );
  });
}

testOnDatabases("I01 an upload that is cut off leaves nothing behind", async (database) => {
  await withServer(database, async (served) => {
    const payload = head + "x".repeat(300_000);
    // The line goes dead in the middle of the body.
    await raw(served.url, { text: payload, length: 10_000_000, hangUp: true });
    // The body is complete by its length, but the form in it has no end.
    const answer = await raw(served.url, { text: payload, length: payload.length, hangUp: false });
    assert.match(answer, /^HTTP\/1.1 400/);
    assert.match(answer, /exhibit_upload_broken/);
    for (let tries = 0; tries < 50; tries += 1) {
      if ((await readdir(join(served.folder, "objects", ".incoming"))).length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await nothingKept(served);
    await upload(served, { bytes: Buffer.from("and the next one works") });
  });
});

function fullAfter(objects: ObjectStore, bytesMax: number): ObjectStore {
  return {
    ...objects,
    put: (key, source) =>
      objects.put(
        key,
        (async function* () {
          let bytes = 0;
          for await (const chunk of source) {
            bytes += chunk.length;
            if (bytes > bytesMax) throw new ObjectStoreFault("object_store_full", "no room");
            yield chunk;
          }
        })(),
      ),
  };
}

testOnDatabases("I01 a full disk is said so, and leaves nothing behind", async (database) => {
  const full = (deps: ExhibitDeps) => ({
    ...deps,
    vault: { ...deps.vault, objects: fullAfter(deps.vault.objects, 1_500_000) },
  });
  await withServer(
    database,
    async (served) => {
      const response = await send(served.url, { bytes: randomBytes(4_000_000) });
      assert.equal(await refusalOf(response), "507 exhibit_store_full");
      await nothingKept(served);
    },
    full,
  );
});

testOnDatabases("I01 a failed commit takes its object with it, and a crash before it is swept up", async (database) => {
  const failing = (deps: ExhibitDeps): ExhibitDeps => ({
    ...deps,
    addTimeline: () => Promise.reject(new Error("no timeline")),
  });
  await withServer(
    database,
    async (served) => {
      assert.equal((await send(served.url, { bytes: Buffer.from("lost") })).status, 500);
      await nothingKept(served);
      const orphan = "aaaaaaaa-0000-4000-8000-000000000000";
      await served.objects.put(
        `exhibits/${orphan}`,
        (async function* () {
          yield Buffer.from("left over");
        })(),
      );
      assert.equal(await sweepExhibits(served.deps), 0, "a young object may be about to commit");
      assert.equal(await sweepExhibits({ ...served.deps, clock: () => Date.now() + 2 * 3_600_000 }), 1);
      await nothingKept(served);
    },
    failing,
  );
});

testOnDatabases(
  "I04 ranges are decrypted alone, and one look in many ranges is one custody entry",
  async (database) => {
    await withServer(database, async ({ url, deps }) => {
      const bytes = randomBytes(2 * 1024 * 1024 + 5);
      const { id } = await upload({ url, deps }, { bytes });
      const get = (range: string) => fetch(`${url}/api/v1/exhibits/${id}/content?of=original`, { headers: { range } });
      const spans = [
        [0, 9],
        [1_048_570, 1_048_590],
        [2_097_150, 2_097_156],
        [10, 2_097_000],
      ] as const;
      for (const [from, to] of spans) {
        const response = await get(`bytes=${from}-${to}`);
        assert.equal(response.status, 206);
        assert.equal(response.headers.get("content-range"), `bytes ${from}-${to}/${bytes.length}`);
        assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytes.subarray(from, to + 1));
      }
      assert.deepEqual(Buffer.from(await (await get("bytes=-5")).arrayBuffer()), bytes.subarray(-5));
      assert.equal((await get("bytes=0-1,5-6")).status, 200);
      const outside = await get(`bytes=${bytes.length}-`);
      assert.equal(outside.headers.get("content-range"), `bytes */${bytes.length}`);
      assert.equal(await refusalOf(outside), "416 range_not_satisfiable");
      const chain = await custodyOf(deps.db, id);
      assert.deepEqual(
        chain.map(({ entry }) => entry.action),
        ["received", "accessed", "accessed"],
      );
    });
  },
);

testOnDatabases(
  "I16 I05 a flipped byte, a cut end and a wrong master key are each found and named",
  async (database) => {
    await withServer(database, async (served) => {
      const { url, deps, folder } = served;
      const { id } = await upload({ url, deps }, { bytes: randomBytes(3 * 1024 * 1024) });
      const path = join(folder, "objects", "exhibits", id);
      const good = await readFile(path);
      const content = () => fetch(`${url}/api/v1/exhibits/${id}/content?of=original`);

      const early = Buffer.from(good);
      early[100] = (early[100] ?? 0) ^ 1;
      await writeFile(path, early);
      assert.equal(await refusalOf(await content()), "500 exhibit_damaged");

      const late = Buffer.from(good);
      late[late.length - 1] = (late[late.length - 1] ?? 0) ^ 1;
      await writeFile(path, late);
      await assert.rejects(content().then((response) => response.arrayBuffer()));

      await writeFile(path, good);
      await truncate(path, good.length - 1024 * 1024 - 16);
      assert.equal(await refusalOf(await content()), "500 exhibit_damaged");
      const tail = await fetch(`${url}/api/v1/exhibits/${id}/content?of=original`, { headers: { range: "bytes=-10" } });
      assert.equal(await refusalOf(tail), "500 exhibit_damaged");

      const { rows } = await sql<{
        n: number;
      }>`select count(*) as n from audit_entry where kind = 'exhibit.damaged'`.execute(deps.db);
      assert.equal(rows[0]?.n, 4);
      await writeFile(path, good);
      const view = (await (await fetch(`${url}/api/v1/exhibits/${id}`)).json()) as ExhibitView;
      assert.match(view.custody.find((line) => line.action === "verified")?.what ?? "", /FAILED: object .* chunk 0/);

      const other = {
        ...deps,
        vault: { ...deps.vault, master: masterKey(new Uint8Array(32).fill(9)) },
        log: silentLog,
      };
      const wrong = await serve(deps.db, [exhibitRoutes({ ...other, minorGrounds: [] })]);
      try {
        assert.equal(
          await refusalOf(await fetch(`${wrong.url}/api/v1/exhibits/${id}/content?of=original`)),
          "500 key_master_wrong",
        );
      } finally {
        await wrong.app.close();
      }
      assert.equal((await (await content()).arrayBuffer()).byteLength, 3 * 1024 * 1024);
    });
  },
);

testOnDatabases("I03 an administrator cannot delete an exhibit, and the attempt is on the record", async (database) => {
  await withServer(database, async ({ url, deps }) => {
    const { id } = await upload({ url, deps }, { bytes: Buffer.from("evidence") });
    const response = await fetch(`${url}/api/v1/exhibits/${id}`, { method: "DELETE" });
    assert.equal(response.headers.get("allow"), "GET");
    assert.equal(await refusalOf(response), "405 exhibit_immutable");
    const { rows } = await sql<{ actor: string; subject_id: string }>`
      select actor, subject_id from audit_entry where kind = 'exhibit.delete_refused'`.execute(deps.db);
    assert.deepEqual(rows, [{ actor: "user:admin", subject_id: id }]);
    assert.equal(await (await fetch(`${url}/api/v1/exhibits/${id}/content?of=original`)).text(), "evidence");
  });
});

testOnDatabases(
  "I08 a pointer holds no bytes, and a URI that could run or carry something is refused",
  async (database) => {
    await withServer(database, async ({ url, folder }) => {
      const post = (body: unknown) =>
        fetch(`${url}/api/v1/incidents/${incidentId}/exhibits/pointer`, {
          method: "POST",
          body: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        });
      const made = await post({ uri: "https://nvr.shop/clips/17.mp4", mediaType: "video/mp4", sha256: "a".repeat(64) });
      assert.equal(made.status, 201);
      const { id } = (await made.json()) as { id: string };
      const view = (await (await fetch(`${url}/api/v1/exhibits/${id}`)).json()) as ExhibitView;
      assert.deepEqual(
        [view.kind, view.name, view.uri, view.bytes],
        ["pointer", "17.mp4", "https://nvr.shop/clips/17.mp4", null],
      );
      assert.deepEqual(
        view.custody.map((line) => line.action),
        ["received"],
      );
      assert.equal(
        await refusalOf(await fetch(`${url}/api/v1/exhibits/${id}/content?of=original`)),
        "409 exhibit_is_pointer",
      );
      for (const uri of [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https://u:p@host/x",
        "not a uri",
        "//host/x",
      ]) {
        assert.equal(await refusalOf(await post({ uri, mediaType: "video/mp4" })), "400 exhibit_uri_refused");
      }
      assert.equal((await readdir(join(folder, "objects"))).includes("exhibits"), false);
    });
  },
);
