import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import { CertificateAuthority } from "../platform/keys/certificate-authority.ts";
import { systemChance } from "../platform/chance.ts";
import { scopedDb } from "../platform/database/scoped.ts";
import type { OpenDatabase } from "../schema.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { newRequest, newTokenKey, signedToken, type TokenKey } from "../testing/device-client.ts";
import { twoOrganisations } from "../testing/two-organisations.ts";
import { DeviceGate } from "./device-gate.ts";
import { parseDeviceText, type DeviceName } from "./device-name.ts";
import { deviceHistory, deviceStandings, endedCredentials, organisationOfSite } from "./device-read.ts";
import { saveRefusals } from "./device-refusal-store.ts";
import { createEnrolment, enrolByCode, renew, revokeDevice, type EnrolDeps } from "./enrol.ts";
import { OpenConnections } from "./open-connections.ts";
import { RefusalRecord } from "./refusal-record.ts";
import { clearKeys } from "../testing/key-folder.ts";

const startMs = Date.parse("2026-11-20T10:00:00Z");
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const audience = "urn:tillwatch:installation:test";
const camera = device("S-1/C-1");

function device(text: string): DeviceName {
  const name = parseDeviceText(text);
  if (name === null) throw new Error(text);
  return name;
}

/** The gate and enrolment on a database, under a clock that a test moves. */
async function withGate(database: OpenDatabase, run: (house: House) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tw-gate-"));
  const time = { nowMs: startMs };
  const clock = () => time.nowMs;
  const { db } = database;
  const authority = await CertificateAuthority.open(await clearKeys(folder), startMs - 100 * dayMs);
  const refusals = new RefusalRecord(() => true, clock);
  const connections = new OpenConnections();
  const gate = new DeviceGate({ db, clock, authority, audience, refusals, connections });
  const organisationOf = async () => "home";
  const common = { db, clock, chance: systemChance, authority, audience, gate, organisationOf };
  try {
    await run({ deps: { ...common, lifetimeMs: 90 * dayMs }, gate, refusals, time, database });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type House = {
  deps: EnrolDeps;
  readonly gate: DeviceGate;
  readonly refusals: RefusalRecord;
  readonly time: { nowMs: number };
  readonly database: OpenDatabase;
};

const address = "192.0.2.1";

async function certificateOf({ deps }: House, asked = camera): Promise<X509Certificate> {
  const { code } = await createEnrolment(deps, asked, "user:admin");
  const wanted = { kind: "certificate", csr: (await newRequest()).csr } as const;
  const granted = await enrolByCode(deps, { code, name: null, wanted, address });
  assert.ok(granted.ok && granted.value.kind === "certificate");
  return new X509Certificate(granted.value.der);
}

async function renewed({ deps, gate }: House, certificate: X509Certificate): Promise<X509Certificate> {
  const proven = await gate.prove({ certificate, token: null, via: "http", address });
  assert.ok(proven.ok);
  const wanted = { kind: "certificate", csr: (await newRequest()).csr } as const;
  const granted = await renew(deps, proven.value, { wanted, address });
  assert.ok(granted.ok && granted.value.kind === "certificate");
  return new X509Certificate(granted.value.der);
}

async function verdict({ gate }: House, shown: { certificate?: X509Certificate; token?: string }): Promise<string> {
  const { certificate = null, token = null } = shown;
  const proven = await gate.prove({ certificate, token, via: "mqtt", address });
  return proven.ok ? `${proven.value.siteId}/${proven.value.deviceId}` : proven.error.code;
}

async function keyOf(house: House): Promise<TokenKey> {
  const { deps, time } = house;
  const key = newTokenKey();
  const { code } = await createEnrolment(deps, camera, "user:admin");
  const proof = signedToken(key, { device: "S-1/C-1", audience, nowMs: time.nowMs });
  const wanted = { kind: "key", jwk: key.jwk, proof } as const;
  const granted = await enrolByCode(deps, { code, name: camera, wanted, address });
  assert.ok(granted.ok, JSON.stringify(granted));
  return key;
}

testOnDatabases("A20 a certificate holds for its time, and not a moment before or after", async (database) => {
  await withGate(database, async (house) => {
    const certificate = await certificateOf(house);
    assert.equal(await verdict(house, { certificate }), "S-1/C-1");
    for (const [atMs, want] of [
      [startMs - 59 * minuteMs, "S-1/C-1"], // a clock that is behind
      [startMs - 61 * minuteMs, "device_certificate_expired"],
      [startMs + 90 * dayMs - 1000, "S-1/C-1"],
      [startMs + 90 * dayMs, "device_certificate_expired"],
    ] as const) {
      house.time.nowMs = atMs;
      assert.equal(await verdict(house, { certificate }), want, new Date(atMs).toISOString());
    }
  });
});

testOnDatabases(
  "A20 what a renewal replaces ends an hour after the new one is first used, and no sooner",
  async (database) => {
    await withGate(database, async (house) => {
      const first = await certificateOf(house);
      const lost = await renewed(house, first); // the answer never arrived
      const next = await renewed(house, first);
      house.time.nowMs += 5 * dayMs;
      assert.equal(await verdict(house, { certificate: first }), "S-1/C-1", "nobody has used the new one");
      assert.equal(await verdict(house, { certificate: next }), "S-1/C-1");
      house.time.nowMs += 59 * minuteMs;
      for (const certificate of [first, next]) assert.equal(await verdict(house, { certificate }), "S-1/C-1");
      house.time.nowMs += minuteMs;
      for (const certificate of [first, lost])
        assert.equal(await verdict(house, { certificate }), "device_certificate_revoked");
      assert.equal(await verdict(house, { certificate: next }), "S-1/C-1");
    });
  },
);

testOnDatabases(
  "A20 a new enrolment ends what the device had, of that kind; a revocation ends everything",
  async (database) => {
    await withGate(database, async (house) => {
      const [old, key] = [await certificateOf(house), await keyOf(house)];
      const token = () => signedToken(key, { device: "S-1/C-1", audience, nowMs: house.time.nowMs });
      const certificate = await certificateOf(house);
      assert.equal(await verdict(house, { certificate: old }), "device_certificate_revoked");
      assert.equal(await verdict(house, { token: token() }), "S-1/C-1");
      const [other] = [await certificateOf(house, device("S-1/C-2"))];
      assert.equal(await revokeDevice(house.deps, camera, { by: "user:admin", because: "stolen" }), 2);
      assert.equal(await verdict(house, { certificate }), "device_certificate_revoked");
      assert.equal(await verdict(house, { token: token() }), "device_key_revoked");
      assert.equal(await verdict(house, { certificate: other }), "S-1/C-2");
      house.time.nowMs += 91 * dayMs;
      assert.equal(await verdict(house, { certificate: other }), "device_certificate_expired");
    });
  },
);

testOnDatabases("A20 a key's time ends too, and its tokens are good once", async (database) => {
  await withGate(database, async (house) => {
    const key = await keyOf(house);
    const token = () => signedToken(key, { device: "S-1/C-1", audience, nowMs: house.time.nowMs });
    const once = token();
    const verdicts = await Promise.all(Array.from({ length: 8 }, () => verdict(house, { token: once })));
    assert.deepEqual(verdicts.toSorted(), ["S-1/C-1", ...Array.from({ length: 7 }, () => "device_token_replayed")]);
    house.time.nowMs += 90 * dayMs;
    assert.equal(await verdict(house, { token: token() }), "device_key_expired");
  });
});

testOnDatabases("A20 of many that come with one code at once, one enrols", async (database) => {
  await withGate(database, async (house) => {
    const { code } = await createEnrolment(house.deps, camera, "user:admin");
    const requests = await Promise.all(Array.from({ length: 6 }, () => newRequest()));
    const answers = await Promise.all(
      requests.map(({ csr }) =>
        enrolByCode(house.deps, { code, name: camera, wanted: { kind: "certificate", csr }, address }),
      ),
    );
    assert.deepEqual(answers.map((answer) => (answer.ok ? "enrolled" : answer.error.code)).toSorted(), [
      "enrolled",
      ...Array.from({ length: 5 }, () => "enrolment_code_used"),
    ]);
    house.time.nowMs += dayMs;
    const late = await createEnrolment(house.deps, camera, "user:admin");
    house.time.nowMs += dayMs;
    const wanted = { kind: "certificate", csr: (await newRequest()).csr } as const;
    const answer = await enrolByCode(house.deps, { code: late.code, name: camera, wanted, address });
    assert.equal(answer.ok ? "enrolled" : answer.error.code, "enrolment_code_expired");
  });
});

testOnDatabases(
  "A20 a flood of refused attempts is counted whole and recorded once in ten minutes",
  async (database) => {
    await withGate(database, async (house) => {
      const { refusals, time } = house;
      const entries = async () => {
        const { rows } = await sql<{ body: { attempts: number } }>`
        select body from audit_entry where kind = 'device.refused' order by at`.execute(database.db);
        return rows.length;
      };
      const attempts = async () => {
        const { rows } = await sql<{ n: number }>`select sum(attempts)::float8 as n from device_refusal`.execute(
          database.db,
        );
        return rows[0]?.n ?? 0;
      };
      const flood = (count: number) => {
        const attempt = { code: "device_unsigned", says: "nothing", via: "mqtt", address, device: camera } as const;
        for (let n = 0; n < count; n++) refusals.note(attempt);
      };
      for (const [forwardMs, wantEntries, wantAttempts] of [
        [0, 1, 5_000],
        [minuteMs, 1, 10_000],
        [10 * minuteMs, 2, 15_000],
      ] as const) {
        time.nowMs += forwardMs;
        flood(5_000);
        await saveRefusals(database.db, refusals.take(), systemChance);
        assert.deepEqual([await entries(), await attempts()], [wantEntries, wantAttempts]);
      }
      for (let n = 0; n < 5_000; n++) {
        const text = `S-${n}/C-1`;
        refusals.note({ code: "device_unsigned", says: "", via: "http", address, device: device(text) });
      }
      assert.ok(refusals.take().length <= 1_001, "made-up names do not fill the memory");
    });
  },
);

testOnDatabases(
  "A20 open connections of what has ended are found, also when another process ended it",
  async (database) => {
    await withGate(database, async (house) => {
      const proven = await house.gate.prove({
        certificate: await certificateOf(house),
        token: null,
        via: "mqtt",
        address,
      });
      assert.ok(proven.ok);
      let closed = 0;
      house.gate.connections.add(proven.value.credential.id, () => closed++);
      const ended = () => endedCredentials(database.db, house.gate.connections.credentialIds, house.time.nowMs);
      assert.deepEqual(await ended(), []);
      await sql`update device_credential set revoked_at = now()`.execute(database.db);
      assert.equal(house.gate.connections.close(await ended()), 1);
      assert.deepEqual([closed, house.gate.connections.credentialIds], [1, []]);
    });
  },
);

testOnDatabases(
  "A20 N02 of devices each organisation sees its own, also where a where is forgotten",
  async (database) => {
    const { db } = database;
    await twoOrganisations(db);
    await withGate(database, async (house) => {
      house.deps = { ...house.deps, organisationOf: (siteId) => organisationOfSite(db, siteId) };
      const [ours, theirs] = [device("al-1/C-1"), device("be-1/C-1")];
      const certificate = await certificateOf(house, ours);
      assert.equal(certificate.subjectAltName, "URI:urn:tillwatch:device:alpha/al-1/C-1");
      await certificateOf(house, theirs);
      await createEnrolment(house.deps, theirs, "user:admin");
      for (const one of [ours, theirs]) {
        house.refusals.note({ code: "device_unsigned", says: "nothing", via: "mqtt", address, device: one });
      }
      await saveRefusals(db, house.refusals.take(), systemChance);
      const proven = await house.gate.prove({ certificate, token: null, via: "http", address });
      assert.ok(proven.ok && proven.value.organisationId === "alpha");

      const own = scopedDb(db, { organisationId: "alpha", sites: ["al-1"], all: false });
      const both = ["al-1", "be-1"];
      const all = await deviceStandings(own, both, house.time.nowMs);
      const standings = all.filter(({ deviceId }) => deviceId === "C-1"); // C-9 is of testing/two-organisations.ts
      assert.deepEqual(
        standings.map(({ siteId, credentials, refusedAttempts }) => [siteId, credentials, refusedAttempts]),
        [["al-1", 1, 1]],
      );
      const history = await deviceHistory(own, theirs, house.time.nowMs);
      assert.deepEqual([history.credentials, history.refusals], [[], []]);
      const partner = scopedDb(db, { organisationId: "police", sites: [], all: false });
      assert.deepEqual(await deviceStandings(partner, both, house.time.nowMs), []);
      const { rows } = await sql<{ kind: string }>`
      select kind from audit_entry where kind like 'device.%' order by appended`.execute(own);
      assert.deepEqual(
        rows.map(({ kind }) => kind),
        ["device.enrolment_created", "device.enrolled", "device.refused"],
      );
      await assert.rejects(sql`select from device_token_used`.execute(own), { code: "42501" });
    });
  },
);

test("A20 N14 the authority's key is made once, for its owner alone, and a foreign certificate beside it stops the start", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tw-authority-"));
  const [first, second] = [
    await CertificateAuthority.open(await clearKeys(folder), startMs),
    await CertificateAuthority.open(await clearKeys(folder), startMs),
  ];
  assert.equal(first.id, second.id);
  assert.equal(statSync(join(folder, "device-ca.key")).mode & 0o777, 0o600);
  const elsewhere = mkdtempSync(join(tmpdir(), "tw-authority-"));
  await CertificateAuthority.open(await clearKeys(elsewhere), startMs);
  rmSync(join(elsewhere, "device-ca.key"));
  await assert.rejects(CertificateAuthority.open(await clearKeys(elsewhere), startMs), { code: "key_file_malformed" });
  await chmod(join(folder, "device-ca.key"), 0o644);
  await assert.rejects(CertificateAuthority.open(await clearKeys(folder), startMs), { code: "key_file_exposed" });
  for (const one of [folder, elsewhere]) rmSync(one, { recursive: true });
});
