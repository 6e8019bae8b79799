import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connect } from "../signal/signal-mqtt.ts";
import { mqttAdmission, type AdmitRules } from "./admit-mqtt.ts";
import type { DeviceGate, ProvenDevice } from "./device-gate.ts";
import { parseDeviceText } from "./device-name.ts";
import type { RefusedAttempt } from "./refusal-record.ts";

const name = parseDeviceText("S-1/C-1");
if (name === null) throw new Error("no device");
const credential = { id: "c", kind: "key", expiresAtMs: 0 } as unknown as ProvenDevice["credential"];
const device: ProvenDevice = { ...name, organisationId: "home", credentialIds: ["c"], credential };
const login = { user: "gateway", password: "secret" };
const signed = `${Buffer.from('{"alg":"EdDSA"}').toString("base64url")}.e30.x`;

/** A gate for which every shown token is of S-1/C-1; keeps what was refused. */
function gateOf() {
  const refused: RefusedAttempt[] = [];
  const gate = {
    prove: async () => ({ ok: true, value: device }),
    refused: (attempt: RefusedAttempt) => void refused.push(attempt),
    connections: { add: () => () => {} },
  } as unknown as DeviceGate;
  return { gate, codes: () => refused.map(({ code }) => code) };
}

type Shown = Partial<Pick<Connect, "username" | "password" | "isTls">>;

async function verdict(rules: Partial<AdmitRules>, shown: Shown): Promise<string> {
  const { gate, codes } = gateOf();
  const admit = mqttAdmission(gate, { mode: "open", login: null, maySignal: async () => true, ...rules });
  const common = { username: null, password: null, isTls: false, certificate: null, address: "::1", close: () => {} };
  const admission = await admit({ ...common, ...shown });
  if (!admission.ok) return `${admission.returnCode} ${codes().join()}`;
  return admission.device === null ? "somebody" : `${admission.device.site}/${admission.device.device}`;
}

const byLogin = { username: "gateway", password: "secret" };
const byToken = { username: "S-1/C-1", password: signed };
const cases: readonly { readonly rules: Partial<AdmitRules>; readonly shown: Shown; readonly want: string }[] = [
  { rules: {}, shown: {}, want: "somebody" },
  { rules: {}, shown: { username: "anybody", password: "x" }, want: "somebody" },
  { rules: {}, shown: { isTls: true }, want: "5 device_unsigned" },
  { rules: {}, shown: byToken, want: "S-1/C-1" },
  { rules: { login }, shown: byLogin, want: "somebody" },
  { rules: { login }, shown: { ...byLogin, password: "Secret" }, want: "4 device_unsigned" },
  { rules: { login }, shown: {}, want: "5 device_unsigned" },
  { rules: { mode: "known" }, shown: {}, want: "5 device_unsigned" },
  { rules: { mode: "known", login }, shown: { ...byLogin, isTls: true }, want: "somebody" },
  { rules: { mode: "known", login }, shown: byToken, want: "S-1/C-1" },
  { rules: { mode: "required", login }, shown: byLogin, want: "4 device_unsigned" },
  { rules: { mode: "required" }, shown: byToken, want: "S-1/C-1" },
  { rules: {}, shown: { username: "S-1/C-2", password: signed }, want: "5 device_foreign" },
  { rules: {}, shown: { username: "camera", password: signed }, want: "5 device_foreign" },
  { rules: {}, shown: { password: signed }, want: "5 device_foreign" },
  { rules: { maySignal: async () => false }, shown: byToken, want: "5 device_not_permitted" },
];
for (const { rules, shown, want } of cases) {
  const showing =
    shown.password === signed ? `a token as ${shown.username ?? "nobody"}` : (shown.username ?? "nothing");
  const over = shown.isTls === true ? " over TLS" : "";
  const asked = `${rules.mode ?? "open"}${rules.login === undefined ? "" : ", with a login"}`;
  const denied = rules.maySignal === undefined ? "" : ", policy says no";
  test(`A20 ${asked}${denied}: ${showing}${over} is answered ${want}`, async () =>
    assert.equal(await verdict(rules, shown), want));
}

test("A20 U13 the policies are asked again for every message of a device", async () => {
  const { gate, codes } = gateOf();
  let permitted = true;
  const admit = mqttAdmission(gate, { mode: "required", login: null, maySignal: async () => permitted });
  const common = { isTls: false, certificate: null, address: "::1", close: () => {} };
  const admission = await admit({ ...common, ...byToken });
  assert.ok(admission.ok);
  assert.equal(await admission.maySend(), true);
  permitted = false;
  assert.equal(await admission.maySend(), false);
  assert.deepEqual(codes(), ["device_not_permitted"]);
});
