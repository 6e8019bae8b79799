import { hash, timingSafeEqual } from "node:crypto";
import type { Admission, Connect } from "../signal/signal-mqtt.ts";
import type { DeviceGate, ProvenDevice } from "./device-gate.ts";
import { deviceText, parseDeviceText } from "./device-name.ts";
import { looksSigned } from "./device-token.ts";

/**
 * Who may connect without proving to be a device. `open`: where no login is set, anybody on the plain listener (loopback only, which
 * the configuration holds). `known`: whoever has the installation's one login, such as a gateway or a Frigate, which then may publish for
 * others. `required`: nobody.
 */
export type DevicesMode = "open" | "known" | "required";

export type AdmitRules = {
  readonly mode: DevicesMode;
  readonly login: { readonly user: string; readonly password: string } | null;
  /** Asks the policies; at every connection and message. */
  readonly maySignal: (device: ProvenDevice) => Promise<boolean>;
};

const badLogin = 4;
const notAuthorized = 5;

/** Decides at CONNECT. A device shows its certificate, or a signed token as password with itself (`S-1001/C-01`) as user name. */
export function mqttAdmission(gate: DeviceGate, rules: AdmitRules): (connect: Connect) => Promise<Admission> {
  const mayByLogin = rules.login === null ? null : loginCheck(rules.login);
  return async (connect) => {
    const { certificate, username, password, isTls, address } = connect;
    const claimed = username === null ? null : parseDeviceText(username);
    const token = password !== null && looksSigned(password) ? password : null;
    if (certificate !== null || token !== null) return byProof(gate, { ...connect, token }, rules.maySignal);
    if (mayByLogin !== null && rules.mode !== "required" && mayByLogin(username, password)) return somebody;
    if (mayByLogin === null && rules.mode === "open" && !isTls) return somebody;
    const says = username === null ? "nothing was shown" : "user name and password are not known";
    gate.refused({ code: "device_unsigned", says, via: "mqtt", address, device: claimed });
    return { ok: false, returnCode: username === null ? notAuthorized : badLogin };
  };
}

const somebody: Admission = { ok: true, device: null, maySend: async () => true, foreign: () => {}, gone: () => {} };

async function byProof(
  gate: DeviceGate,
  connect: Connect & { readonly token: string | null },
  maySignal: AdmitRules["maySignal"],
): Promise<Admission> {
  const { certificate, token, address, username, close } = connect;
  const known = await gate.prove({ certificate, token, via: "mqtt", address });
  if (!known.ok) return { ok: false, returnCode: notAuthorized };
  const { siteId, deviceId, credentialIds } = known.value;
  const foreign = (says: string) =>
    gate.refused({ code: "device_foreign", says, via: "mqtt", address, device: { siteId, deviceId } });
  const claimed = username === null ? null : parseDeviceText(username);
  // With a token the user name is part of the claim; beside a certificate many clients send one of their own.
  const differs = claimed === null ? token !== null : deviceText(claimed) !== deviceText(known.value);
  if (differs) {
    foreign("the user name is not the device that was proven");
    return { ok: false, returnCode: notAuthorized };
  }
  const maySend = async () => {
    if (await maySignal(known.value)) return true;
    const says = "no policy lets the device signal";
    gate.refused({ code: "device_not_permitted", says, via: "mqtt", address, device: { siteId, deviceId } });
    return false;
  };
  if (!(await maySend())) return { ok: false, returnCode: notAuthorized };
  const forget = credentialIds.map((id) => gate.connections.add(id, close));
  return {
    ok: true,
    device: { site: siteId, device: deviceId },
    maySend,
    foreign,
    gone: () => {
      for (const one of forget) one();
    },
  };
}

function loginCheck(login: { readonly user: string; readonly password: string }) {
  // Digests have one length: the comparison takes the same time whatever is wrong.
  const digest = (text: string) => hash("sha256", text, "buffer");
  const [user, password] = [digest(login.user), digest(login.password)];
  return (givenUser: string | null, givenPassword: string | null): boolean => {
    const sameUser = timingSafeEqual(digest(givenUser ?? ""), user);
    const samePassword = timingSafeEqual(digest(givenPassword ?? ""), password);
    return sameUser && samePassword;
  };
}
