import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readConfig, type Config, type Env } from "./config.ts";

function read(env: Env): Config {
  const result = readConfig(env, "/pack");
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

function problemsOf(env: Env): readonly string[] {
  const result = readConfig(env, "/pack");
  return result.ok ? [] : result.error.map((problem) => problem.setting);
}

test("N14 without any setting the server is embedded and listens on loopback only", () => {
  const config = read({});
  assert.deepEqual(config.http, { host: "127.0.0.1", port: 8080 });
  assert.deepEqual(config.mqtt, { kind: "embedded", host: "127.0.0.1", port: 1883, login: null });
  assert.match(config.databaseUrl, /^pglite:.*\/data\/database$/);
  assert.equal(config.packFolder, "/pack");
  assert.equal(config.adminToken, null);
});

const wrong: readonly { readonly says: string; readonly env: Env; readonly want: readonly string[] }[] = [
  { says: "a mistyped name", env: { TILLWATCH_HTPP: "x" }, want: ["TILLWATCH_HTPP"] },
  { says: "an address without port", env: { TILLWATCH_HTTP: "localhost" }, want: ["TILLWATCH_HTTP"] },
  { says: "a port beyond the range", env: { TILLWATCH_HTTP: "0.0.0.0:70000" }, want: ["TILLWATCH_HTTP"] },
  { says: "another database", env: { TILLWATCH_DATABASE_URL: "mysql://x" }, want: ["TILLWATCH_DATABASE_URL"] },
  { says: "a user without password", env: { TILLWATCH_MQTT_USER: "till" }, want: ["TILLWATCH_MQTT_USER"] },
  {
    says: "a secret file that is not there",
    env: { TILLWATCH_ADMIN_TOKEN_FILE: "/nowhere" },
    want: ["TILLWATCH_ADMIN_TOKEN_FILE"],
  },
  {
    says: "everything at once",
    env: { TILLWATCH_HTTP: "x", TILLWATCH_LATE_AFTER_SECONDS: "soon", TILLWATCH_ALLOW_PRIVATE_WEBHOOKS: "yes" },
    want: ["TILLWATCH_HTTP", "TILLWATCH_LATE_AFTER_SECONDS", "TILLWATCH_ALLOW_PRIVATE_WEBHOOKS"],
  },
];
for (const c of wrong) {
  test(`N14 configuration is refused by name: ${c.says}`, () => assert.deepEqual(problemsOf(c.env), c.want));
}

test("N14 a file gives settings, the environment wins, a secret never prints", () => {
  const folder = mkdtempSync(join(tmpdir(), "tw-config-"));
  const file = join(folder, "tillwatch.yaml");
  writeFileSync(file, "TILLWATCH_HTTP: 0.0.0.0:9000\nTILLWATCH_ADMIN_TOKEN: hush-hush\n");
  const config = read({ TILLWATCH_CONFIG: file, TILLWATCH_HTTP: "[::1]:9001" });
  assert.deepEqual(config.http, { host: "::1", port: 9001 });
  assert.equal(config.adminToken?.reveal(), "hush-hush");
  assert.doesNotMatch(JSON.stringify(config) + String(config.adminToken), /hush/);
});
