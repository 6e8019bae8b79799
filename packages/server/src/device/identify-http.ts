import type { X509Certificate } from "node:crypto";
import { TLSSocket } from "node:tls";
import type { FastifyRequest } from "fastify";
import type { Identifier } from "../access/authenticate-http.ts";
import type { Principal } from "../access/principal.ts";
import { problem, type HttpProblem } from "../api/problem.ts";
import type { DeviceGate, ProvenDevice } from "./device-gate.ts";
import { deviceToken, type DeviceName } from "./device-name.ts";
import { looksSigned } from "./device-token.ts";
import { refusalStatus, type RefusalCode } from "./refused.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Devices may ask it. Every other route refuses them, whatever policy says. */
    device?: boolean;
  }
}

const proven = new WeakMap<FastifyRequest, ProvenDevice>();
const watched = new WeakSet<TLSSocket>();

/**
 * A device proves itself by the certificate of its TLS connection, by a signed token as bearer, or by both. Answers null where neither
 * is shown. Throws 401 for one that does not hold, 403 `device_route_refused` on a route that is not for devices.
 */
export function deviceIdentifier(gate: DeviceGate): Identifier {
  return async (request) => {
    const { device: forDevices = false, public: open = false } = request.routeOptions.config;
    if (open) return null;
    const certificate = clientCertificate(request);
    const header = request.headers.authorization;
    const bearer = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1] ?? null;
    const token = bearer !== null && looksSigned(bearer) ? bearer : null;
    const another = (header !== undefined && token === null) || request.headers.cookie !== undefined;
    const address = request.ip;
    // A person may come over a connection with a device's certificate: it adds nothing to what that person may do.
    if (!forDevices && token === null && (certificate === null || another)) return null;
    if (certificate === null && token === null) {
      if (!another)
        gate.refused({ code: "device_unsigned", says: "nothing was shown", via: "http", address, device: null });
      return null;
    }
    const known = await gate.prove({ certificate, token, via: "http", address });
    if (!known.ok) throw deviceProblem(known.error);
    const device = known.value;
    closeWith(gate, request, device);
    if (!forDevices) {
      const refusal = {
        code: "device_route_refused",
        says: "a device sends signals and renews itself, and nothing else",
      } as const;
      gate.refused({ ...refusal, via: "http", address, device });
      throw deviceProblem(refusal);
    }
    proven.set(request, device);
    return principalOf(device);
  };
}

/** The device that asks; null: a person or program does. */
export function deviceOf(request: FastifyRequest): ProvenDevice | null {
  return proven.get(request) ?? null;
}

/** Puts on the record that a device sent signals for another. */
export function noteForeign(gate: DeviceGate): (request: FastifyRequest, says: string) => void {
  return (request, says) => {
    gate.refused({ code: "device_foreign", says, via: "http", address: request.ip, device: deviceOf(request) });
  };
}

/** Who acts where a device does: nobody with a role, at its own site. */
export function principalOf(device: DeviceName & { readonly organisationId: string }): Principal {
  return {
    token: deviceToken(device),
    kind: "device",
    organisationId: device.organisationId,
    roles: [],
    sites: [device.siteId],
    regions: null,
    scopes: null,
    sessionId: null,
    signedInAtMs: null,
    steppedUpAtMs: null,
  };
}

export function deviceProblem({ code, says }: { readonly code: RefusalCode; readonly says: string }): HttpProblem {
  return problem(refusalStatus[code], code, says, { remedy: remedyOf(code) });
}

function clientCertificate(request: FastifyRequest): X509Certificate | null {
  const { socket } = request.raw;
  return socket instanceof TLSSocket ? (socket.getPeerX509Certificate() ?? null) : null;
}

/** A connection that stays open between requests ends with the certificate that it stands on. */
function closeWith(gate: DeviceGate, request: FastifyRequest, device: ProvenDevice): void {
  const { socket } = request.raw;
  if (!(socket instanceof TLSSocket) || device.credential.kind !== "certificate" || watched.has(socket)) return;
  watched.add(socket);
  socket.once(
    "close",
    gate.connections.add(device.credential.id, () => socket.destroy()),
  );
}

const remedies: Readonly<Partial<Record<RefusalCode, string>>> = {
  device_foreign: "Send under the device's own site and id, or enrol the other device by a code of its own.",
  device_route_refused: "Use an account or an API key for anything but signals.",
  device_key_malformed: "Make the key as in docs/how-to/devices.md.",
  device_key_known: "Make a new key.",
  device_credentials_too_many: "Use one of them; old ones end an hour after a newer one is first used.",
};

function remedyOf(code: RefusalCode): string {
  const own = remedies[code];
  if (own !== undefined) return own;
  if (code.startsWith("enrolment_code")) {
    return "Have a new code made on the page Devices; it is good once and for 24 hours.";
  }
  if (code.startsWith("device_token")) {
    return "Make a token as in docs/how-to/devices.md, a new one for every request or connection.";
  }
  if (code.startsWith("certificate_request")) return "Make key and request as in docs/how-to/devices.md.";
  return "Enrol the device: a code from the page Devices, then docs/how-to/devices.md.";
}
