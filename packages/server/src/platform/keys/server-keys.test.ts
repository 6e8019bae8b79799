import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CertificateAuthority } from "./certificate-authority.ts";
import { systemChance } from "../chance.ts";
import { keysFromAuthority, keysFromFiles } from "./server-keys.ts";
import { clearKeys } from "../../testing/key-folder.ts";

const dayMs = 24 * 3600_000;
const startMs = Date.parse("2026-11-20T10:00:00Z");

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tw-server-keys-"));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("A20 a listener's certificate of our own names its hosts and is renewed a month before its end", async () => {
  await withFolder(async (folder) => {
    const authority = await CertificateAuthority.open(await clearKeys(folder), startMs);
    const hosts = ["shop.example", "192.0.2.7", "2001:db8::1"];
    const keys = await keysFromAuthority(authority, { hosts, chance: systemChance, nowMs: startMs });
    const first = new X509Certificate(keys.current().cert);
    assert.ok(first.verify(authority.certificate.publicKey));
    assert.deepEqual(first.keyUsage, ["1.3.6.1.5.5.7.3.1"], "servers only: no device can be made of it");
    assert.equal(first.checkHost("shop.example"), "shop.example");
    assert.equal(first.checkHost("other.example"), undefined);
    for (const address of ["192.0.2.7", "2001:db8::1"]) assert.equal(first.checkIP(address), address);
    assert.equal(await keys.refresh(startMs + 59 * dayMs), false);
    assert.equal(await keys.refresh(startMs + 60 * dayMs), true);
    assert.notEqual(new X509Certificate(keys.current().cert).serialNumber, first.serialNumber);
  });
});

test("A20 files that an operator renews are taken up, and a broken pair never replaces a good one", async () => {
  await withFolder(async (folder) => {
    const authority = await CertificateAuthority.open(await clearKeys(folder), startMs);
    const made = async () =>
      (await keysFromAuthority(authority, { hosts: ["a.example"], chance: systemChance, nowMs: startMs })).current();
    const files = { certPath: join(folder, "cert.pem"), keyPath: join(folder, "key.pem") };
    await assert.rejects(keysFromFiles(files), { code: "ENOENT" });
    const [first, second] = [await made(), await made()];
    const write = (pair: { cert?: string; key?: string }) => {
      if (pair.cert !== undefined) writeFileSync(files.certPath, pair.cert);
      if (pair.key !== undefined) writeFileSync(files.keyPath, pair.key);
    };
    write(first);
    const keys = await keysFromFiles(files);
    assert.equal(await keys.refresh(startMs), false);
    write({ cert: second.cert }); // half way through a renewal
    await assert.rejects(keys.refresh(startMs));
    assert.deepEqual(keys.current(), first);
    write(second);
    assert.equal(await keys.refresh(startMs), true);
    assert.deepEqual(keys.current(), second);
  });
});
