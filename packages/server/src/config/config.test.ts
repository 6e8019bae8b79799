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
  { says: "a broker without its scheme", env: { TILLWATCH_MQTT: "127.0.0.1:1883" }, want: ["TILLWATCH_MQTT"] },
  { says: "a user without password", env: { TILLWATCH_MQTT_USER: "till" }, want: ["TILLWATCH_MQTT_USER"] },
  {
    says: "a secret file that is not there",
    env: { TILLWATCH_ADMIN_TOKEN_FILE: "/nowhere" },
    want: ["TILLWATCH_ADMIN_TOKEN_FILE"],
  },
  {
    says: "a proxy that is no address",
    env: { TILLWATCH_TRUSTED_PROXIES: "10.0.0.0/8, proxy.example, ::1/129" },
    want: ["TILLWATCH_TRUSTED_PROXIES", "TILLWATCH_TRUSTED_PROXIES"],
  },
  {
    says: "anybody from the whole network",
    env: { TILLWATCH_MQTT: "embedded://0.0.0.0:1883" },
    want: ["TILLWATCH_DEVICES"],
  },
  {
    says: "proof of each device through an outside broker",
    env: { TILLWATCH_MQTT: "mqtts://broker.example", TILLWATCH_DEVICES: "required" },
    want: ["TILLWATCH_DEVICES"],
  },
  {
    says: "listeners over TLS that cannot be",
    env: {
      TILLWATCH_HTTPS: "8443",
      TILLWATCH_MQTTS: "x:99999",
      TILLWATCH_TLS_CERT: "/c.pem",
      TILLWATCH_TLS_NAMES: "a b",
      TILLWATCH_DEVICES: "some",
      TILLWATCH_DEVICE_DAYS: "0",
    },
    want: [
      "TILLWATCH_HTTPS",
      "TILLWATCH_MQTTS",
      "TILLWATCH_TLS_KEY",
      "TILLWATCH_TLS_NAMES",
      "TILLWATCH_DEVICES",
      "TILLWATCH_DEVICE_DAYS",
    ],
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

test("A20 N14 a broker beyond loopback starts with a login, or where devices must prove themselves", () => {
  const everywhere = { TILLWATCH_MQTT: "embedded://0.0.0.0:1883" };
  const login = { TILLWATCH_MQTT_USER: "gateway", TILLWATCH_MQTT_PASSWORD: "secret" };
  assert.equal(read({ ...everywhere, ...login }).devices.mode, "open");
  for (const mode of ["known", "required"]) {
    assert.equal(read({ ...everywhere, TILLWATCH_DEVICES: mode }).devices.mode, mode);
  }
  assert.deepEqual(read({}).devices, {
    https: null,
    mqtts: null,
    tlsFiles: null,
    tlsNames: ["localhost", "127.0.0.1", "::1"],
    mode: "open",
    lifetimeMs: 90 * 24 * 3600_000,
  });
});

test("N14 a file gives settings, the environment wins, a secret never prints", () => {
  const folder = mkdtempSync(join(tmpdir(), "tw-config-"));
  const file = join(folder, "tillwatch.yaml");
  writeFileSync(file, "TILLWATCH_HTTP: 0.0.0.0:9000\nTILLWATCH_ADMIN_TOKEN: hush-hush\n");
  const config = read({ TILLWATCH_CONFIG: file, TILLWATCH_HTTP: "[::1]:9001" });
  assert.deepEqual(config.http, { host: "::1", port: 9001 });
  assert.equal(config.adminToken?.reveal(), "hush-hush");
  assert.doesNotMatch(JSON.stringify(config) + String(config.adminToken), /hush/);
});
