import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { ActionName } from "../access/actions.ts";
import { idInPath } from "../access/route-access.ts";
import { Type } from "typebox";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { certificatePem } from "../platform/keys/certificate-authority.ts";
import { scopedDb } from "../platform/database/scoped.ts";
import { deviceHistory, deviceStandings, revokedSerials, type DeviceStanding } from "./device-read.ts";
import { deviceText, parseDeviceText, type DeviceName } from "./device-name.ts";
import {
  createEnrolment,
  enrolByCode,
  renew,
  revokeDevice,
  type EnrolDeps,
  type Granted,
  type Wanted,
} from "./enrol.ts";
import { deviceOf, deviceProblem } from "./identify-http.ts";

export type DeviceRouteDeps = EnrolDeps & {
  readonly actorOf: (request: FastifyRequest) => { readonly token: string };
  /** Devices of the directory. */
  readonly listed: () => readonly ListedDevice[];
};

export type ListedDevice = {
  readonly siteId: string;
  readonly deviceId: string;
  readonly kind: string;
  readonly name: string;
};

const because = Type.String({ minLength: 3, maxLength: 500, description: "why; stands in the record" });
const wanted = {
  csr: Type.Optional(
    Type.String({ maxLength: 16_384, description: "PKCS#10, as PEM or base64 of DER: a certificate is wanted" }),
  ),
  jwk: Type.Optional(
    Type.Object({}, { additionalProperties: true, description: "an Ed25519 public key: signed tokens are wanted" }),
  ),
  proof: Type.Optional(
    Type.String({ maxLength: 4096, description: "with jwk: a token as it will be sent later, signed by that key" }),
  ),
};
const expiringMs = 14 * 24 * 3600_000;

/** Devices of the sites, their codes, their credentials; and the way for a device to enrol without EST. */
export function deviceRoutes(deps: DeviceRouteDeps): FastifyPluginAsync {
  return async (app) => {
    await app.register(forPeople(deps));
    await app.register(forDevices(deps));
  };
}

const at = (action: ActionName) => ({ access: { action, on: "site", id: idInPath("siteId") } }) as const;

function forPeople(deps: DeviceRouteDeps): FastifyPluginAsync {
  const { db, clock, actorOf } = deps;
  return async (instance) => {
    const app = typed(instance);
    const tags = ["devices"];
    app.get(
      "/api/v1/devices",
      {
        schema: { tags, summary: "Devices: enrolled until, last seen, refused attempts" },
        config: { access: { action: "device:read", on: "sites" } },
      },
      async (request) => {
        const standings = await deviceStandings(scopedDb(db, request.scope), request.scope.sites, clock());
        return { items: merged(deps, standings, new Set(request.scope.sites)) };
      },
    );
    const params = Type.Object({ siteId: Type.String(), deviceId: Type.String() });
    app.get(
      "/api/v1/sites/:siteId/devices/:deviceId/identity",
      { schema: { tags, summary: "A device's credentials and refused attempts", params }, config: at("device:read") },
      async (request) => deviceHistory(scopedDb(db, request.scope), known(deps, request.params), clock()),
    );
    app.post(
      "/api/v1/sites/:siteId/devices/:deviceId/enrolments",
      {
        schema: {
          tags,
          summary: "A code that enrols the device once, within 24 hours; shown in this answer only",
          params,
        },
        config: at("device:enrol"),
      },
      async (request, reply) => {
        const device = known(deps, request.params);
        const { id, code, expiresAtMs } = await createEnrolment(deps, device, actorOf(request).token);
        reply.code(201).header("cache-control", "no-store");
        return {
          id,
          code,
          device: deviceText(device),
          expiresAt: new Date(expiresAtMs).toISOString(),
          audience: deps.audience,
          authoritySha256: deps.authority.certificate.fingerprint256,
        };
      },
    );
    app.post(
      "/api/v1/sites/:siteId/devices/:deviceId/revocations",
      {
        schema: {
          tags,
          summary: "Ends everything by which the device proves itself",
          params,
          body: Type.Object({ because }),
        },
        config: at("device:revoke"),
      },
      async (request) => {
        const device = known(deps, request.params);
        return {
          ended: await revokeDevice(deps, device, { by: actorOf(request).token, because: request.body.because }),
        };
      },
    );
  };
}

function forDevices(deps: DeviceRouteDeps): FastifyPluginAsync {
  const { db, clock, authority } = deps;
  return async (instance) => {
    const app = typed(instance);
    const tags = ["devices"];
    const open = { public: true };
    app.post(
      "/api/v1/device-enrolments",
      {
        schema: {
          tags,
          summary: "Trades a one-time code for a certificate (csr) or for the right to sign tokens (jwk with proof)",
          body: Type.Object({
            code: Type.String({ maxLength: 64 }),
            device: Type.Optional(Type.String({ maxLength: 200 })),
            ...wanted,
          }),
        },
        config: open,
      },
      async (request, reply) => {
        const { code, device, ...body } = request.body;
        const name = device === undefined ? null : nameFrom(device);
        const granted = await enrolByCode(deps, { code, name, wanted: wantedOf(body), address: request.ip });
        if (!granted.ok) throw deviceProblem(granted.error);
        reply.code(201).header("cache-control", "no-store");
        return shown(deps, granted.value);
      },
    );
    app.post(
      "/api/v1/device-enrolments/renewal",
      {
        schema: {
          tags,
          summary: "A further certificate or key, asked with what the device has",
          body: Type.Object(wanted),
        },
        config: { device: true, access: { action: "device:renew", on: "own" } },
      },
      async (request, reply) => {
        const device = deviceOf(request);
        if (device === null) throw problem(403, "device_required", "only a device renews itself");
        const granted = await renew(deps, device, { wanted: wantedOf(request.body), address: request.ip });
        if (!granted.ok) throw deviceProblem(granted.error);
        reply.code(201).header("cache-control", "no-store");
        return shown(deps, granted.value);
      },
    );
    app.get(
      "/api/v1/device-authority.pem",
      { schema: { tags, summary: "The certificate of our authority" }, config: open },
      (_request, reply) => reply.type("application/x-pem-file").send(authority.pem),
    );
    app.get(
      "/api/v1/device-authority.crl",
      { schema: { tags, summary: "Serials of revoked certificates (RFC 5280, DER)" }, config: open },
      async (_request, reply) => {
        const nowMs = clock();
        const list = await authority.revocationList(await revokedSerials(db, nowMs), nowMs);
        return reply.type("application/pkix-crl").header("cache-control", "max-age=60").send(Buffer.from(list));
      },
    );
  };
}

/** The device, if the directory has it; else 404. */
function known(deps: DeviceRouteDeps, named: { readonly siteId: string; readonly deviceId: string }): DeviceName {
  const device = parseDeviceText(deviceText(named));
  if (device !== null && deps.listed().some((one) => deviceText(one) === deviceText(device))) return device;
  throw problem(404, "device_unknown", "the directory has no such device", {
    remedy: "Add it with PUT /api/v1/sites/{siteId}/devices/{deviceId}, or in directory.yaml.",
  });
}

function nameFrom(text: string): DeviceName {
  const name = parseDeviceText(text);
  if (name === null)
    throw problem(422, "request_invalid", "device is <site>/<device>, as in S-1001/C-01", { pointer: "/device" });
  return name;
}

type WantedBody = { readonly csr?: string; readonly jwk?: object; readonly proof?: string };

function wantedOf({ csr, jwk, proof }: WantedBody): Wanted {
  if (csr !== undefined && jwk === undefined) return { kind: "certificate", csr };
  if (jwk !== undefined && csr === undefined && proof !== undefined) return { kind: "key", jwk, proof };
  throw problem(422, "request_invalid", "send csr, or jwk with proof");
}

function shown(deps: DeviceRouteDeps, granted: Granted): object {
  const common = { device: deviceText(granted), expiresAt: new Date(granted.expiresAtMs).toISOString() };
  if (granted.kind === "key") return { ...common, keyId: granted.name, audience: deps.audience };
  return { ...common, serial: granted.serial, certificate: certificatePem(granted.der), authority: deps.authority.pem };
}

type State = "open" | "invited" | "enrolled" | "expiring" | "expired" | "revoked";

/** The directory's devices at these sites, with what is known of their identity. */
function merged(deps: DeviceRouteDeps, standings: readonly DeviceStanding[], sites: ReadonlySet<string>) {
  const nowMs = deps.clock();
  const byName = new Map(standings.filter(({ deviceId }) => deviceId !== "").map((one) => [deviceText(one), one]));
  const listed = deps.listed().filter(({ siteId }) => sites.has(siteId));
  return listed.map((device) => {
    const standing = byName.get(deviceText(device)) ?? nothing(device);
    return { ...standing, kind: device.kind, name: device.name, state: stateOf(standing, nowMs) };
  });
}

function stateOf({ credentials, revoked, enrolledUntil, codeUntil }: DeviceStanding, nowMs: number): State {
  if (credentials > 0 && enrolledUntil !== null)
    return Date.parse(enrolledUntil) - nowMs < expiringMs ? "expiring" : "enrolled";
  if (codeUntil !== null) return "invited";
  if (enrolledUntil !== null) return "expired";
  return revoked > 0 ? "revoked" : "open";
}

function nothing({ siteId, deviceId }: ListedDevice): DeviceStanding {
  return {
    siteId,
    deviceId,
    credentials: 0,
    revoked: 0,
    enrolledUntil: null,
    codeUntil: null,
    lastProvenAt: null,
    lastSignalAt: null,
    refusedAttempts: 0,
    lastRefusal: null,
  };
}
