import { TLSSocket } from "node:tls";
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { problem } from "../api/problem.ts";
import { certsOnly } from "../platform/keys/certificate-authority.ts";
import { parseDeviceText, type DeviceName } from "./device-name.ts";
import { enrolByCode, renew, type EnrolDeps, type Granted } from "./enrol.ts";
import { deviceOf, deviceProblem } from "./identify-http.ts";

const requestBytesMax = 32 * 1024;

/**
 * What we would like requests to hold (RFC 7030 section 4.5.2), as DER: ecdsa-with-SHA256, and of id-ecPublicKey the curve prime256v1.
 * Other strong keys are taken too.
 */
const wishes = Buffer.from("302106082a8648ce3d040302301506072a8648ce3d0201310a06082a8648ce3d030107", "hex");

/**
 * Enrolment over Secure Transport (RFC 7030, clarified by RFC 8951): `/.well-known/est/cacerts`, `csrattrs`, `simpleenroll` with the
 * one-time code as HTTP Basic password, `simplereenroll` with the certificate that is to be renewed. Over TLS only.
 */
export function estRoutes(deps: EnrolDeps): FastifyPluginAsync {
  return async (app: FastifyInstance) => {
    // Bodies are base64 whatever Content-Transfer-Encoding says (RFC 8951 section 3.1).
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      "application/pkcs10",
      { parseAs: "string", bodyLimit: requestBytesMax },
      (_request, body, done) => done(null, body),
    );
    app.addHook("onRequest", async (request) => overTls(request));
    const open = { public: true };
    app.get(
      "/.well-known/est/cacerts",
      { schema: schemaOf("The certificate of our authority"), config: open },
      (_request, reply) => sendCertificates(reply, new Uint8Array(deps.authority.certificate.raw)),
    );
    app.get(
      "/.well-known/est/csrattrs",
      { schema: schemaOf("What a request should hold"), config: open },
      (_request, reply) => send(reply, "application/csrattrs", wishes),
    );
    app.post(
      "/.well-known/est/simpleenroll",
      { schema: schemaOf("A certificate for a one-time code"), config: open },
      async (request, reply) => {
        const { name, code } = basicOf(request, reply);
        const wanted = { kind: "certificate", csr: bodyOf(request) } as const;
        const granted = await enrolByCode(deps, { code, name, wanted, address: request.ip });
        if (granted.ok) return sendGranted(reply, granted.value);
        if (granted.error.code.startsWith("enrolment_code")) challenge(reply);
        throw deviceProblem(granted.error);
      },
    );
    app.post(
      "/.well-known/est/simplereenroll",
      {
        schema: schemaOf("A further certificate for who has one"),
        config: { device: true, access: { action: "device:renew", on: "own" } },
      },
      async (request, reply) => {
        const device = deviceOf(request);
        if (device?.credential.kind !== "certificate")
          throw problem(403, "certificate_required", "renewal needs the certificate on this connection");
        const granted = await renew(deps, device, {
          wanted: { kind: "certificate", csr: bodyOf(request) },
          address: request.ip,
        });
        if (granted.ok) return sendGranted(reply, granted.value);
        throw deviceProblem(granted.error);
      },
    );
  };
}

function schemaOf(summary: string) {
  return { tags: ["devices"], summary: `EST: ${summary}`, description: "RFC 7030 and RFC 8951; over TLS only." };
}

function overTls(request: FastifyRequest): void {
  if (request.raw.socket instanceof TLSSocket) return;
  throw problem(403, "tls_required", "enrolment over EST needs the HTTPS listener (TILLWATCH_HTTPS)", {
    remedy: "Set TILLWATCH_HTTPS, or enrol by POST /api/v1/device-enrolments.",
  });
}

/** The user name is the device as `<site>/<device>`, or empty. */
function basicOf(
  request: FastifyRequest,
  reply: FastifyReply,
): { readonly name: DeviceName | null; readonly code: string } {
  const encoded = /^Basic +([A-Za-z0-9+/=]{1,1024})$/i.exec(request.headers.authorization ?? "")?.[1];
  const text = encoded === undefined ? "" : Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  const user = text.slice(0, Math.max(colon, 0));
  const name = parseDeviceText(user);
  if (colon >= 0 && (user === "" || name !== null)) return { name, code: text.slice(colon + 1) };
  challenge(reply);
  if (encoded === undefined)
    throw problem(401, "authentication_required", "enrolment needs the one-time code as Basic password");
  throw problem(401, "enrolment_user_malformed", "the user name is <site>/<device>, as in S-1001/C-01");
}

function bodyOf(request: FastifyRequest): string {
  if (typeof request.body === "string") return request.body;
  throw deviceProblem({ code: "certificate_request_malformed", says: "there is no body" });
}

function challenge(reply: FastifyReply): void {
  reply.header("www-authenticate", 'Basic realm="tillwatch enrolment", charset="UTF-8"');
}

function sendGranted(reply: FastifyReply, granted: Granted): FastifyReply {
  if (granted.kind !== "certificate") throw new Error("EST grants certificates");
  return sendCertificates(reply, granted.der);
}

function sendCertificates(reply: FastifyReply, der: Uint8Array): FastifyReply {
  return send(reply, "application/pkcs7-mime; smime-type=certs-only", certsOnly([der]));
}

function send(reply: FastifyReply, type: string, bytes: Uint8Array): FastifyReply {
  // Older clients of RFC 7030 insist on the header; RFC 8951 has everybody else ignore it.
  reply.header("content-type", type).header("content-transfer-encoding", "base64");
  return reply.send(
    `${Buffer.from(bytes)
      .toString("base64")
      .replaceAll(/(.{64})(?=.)/g, "$1\r\n")}\r\n`,
  );
}
