import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  CertificateAuthority,
  certificatePem,
  serialFrom,
} from "../packages/server/src/platform/keys/certificate-authority.ts";
import { enrolledKey, eventOf, newCode } from "../packages/server/src/testing/device-client.ts";
import { startIn, type RunningApp } from "../packages/server/src/testing/running-app.ts";
import { goTool, pythonTool, runToolBeside, skipWithout, systemTool } from "./tools.ts";

/**
 * Devices as others build them: GlobalSign's estclient, curl with openssl, mosquitto_pub and PyJWT enrol, renew and signal against a
 * running server over TLS, and each is refused where it must be.
 */

const estclient = goTool("github.com/globalsign/est/cmd/estclient", "v1.0.6", "github.com/globalsign/est");
const [openssl, curl, mosquitto] = [systemTool("openssl"), systemTool("curl"), systemTool("mosquitto_pub")];
const python = pythonTool(["PyJWT==2.10.1", "cryptography==44.0.0"]);
const folder = mkdtempSync(join(tmpdir(), "tillwatch-est-"));
const work = (name: string) => join(folder, name);
const camera = "S-1001/C-01";
const other = "S-1002/C-01";

let app: RunningApp;
before(async () => {
  app = await startIn(join(folder, "data"), {
    TILLWATCH_HTTPS: "127.0.0.1:0",
    TILLWATCH_MQTTS: "127.0.0.1:0",
    TILLWATCH_DEVICES: "known",
  });
  const authority = await fetch(new URL("/api/v1/device-authority.pem", app.url));
  writeFileSync(work("ca.pem"), await authority.text());
});
after(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

const server = () => new URL(app.https ?? "").host;

async function succeeds(program: string | undefined, args: readonly string[], input?: string): Promise<string> {
  const { code, output } = await runToolBeside(program ?? "", args, input === undefined ? {} : { input });
  assert.equal(code, 0, `${program} ${args.join(" ")}: ${output}`);
  return output;
}

async function est(command: string, args: readonly string[]) {
  return runToolBeside(estclient ?? "", [command, "-server", server(), ...args]);
}

const skipEst = skipWithout("estclient", estclient);
const skipOpenssl = skipWithout("openssl and curl", openssl === undefined ? undefined : curl);
const skipMosquitto = skipWithout("mosquitto_pub and openssl", openssl === undefined ? undefined : mosquitto);

test("A20 estclient gets our authority, enrols by a code and renews", { skip: skipEst }, async () => {
  assert.equal((await est("cacerts", ["-insecure", "-rootout", "-out", work("root.pem")])).code, 0);
  assert.equal(
    new X509Certificate(readFileSync(work("root.pem"))).raw.toString("hex"),
    new X509Certificate(readFileSync(work("ca.pem"))).raw.toString("hex"),
  );
  const trusting = ["-explicit", work("root.pem")];
  assert.equal((await est("csrattrs", trusting)).code, 0);
  await succeeds(openssl, [
    "genpkey",
    "-algorithm",
    "EC",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-out",
    work("est.key"),
  ]);
  const { code } = await newCode(app, camera);
  const key = ["-key", work("est.key")];
  const enrol = (pass: string, out: string) =>
    est("enroll", [...trusting, "-user", camera, "-pass", pass, ...key, "-cn", camera, "-out", work(out)]);
  const wrong = await enrol("AAAAA-AAAAA-AAAAA-AAAAA", "no.pem");
  assert.notEqual(wrong.code, 0, "a wrong code");
  assert.match(wrong.output, /401/);
  const first = await enrol(code, "est.pem");
  assert.equal(first.code, 0, first.output);
  const used = await enrol(code, "no.pem");
  assert.notEqual(used.code, 0, "a used code");
  assert.match(used.output, /401/);

  const certs = ["-certs", work("est.pem")];
  const again = await est("reenroll", [...trusting, ...certs, ...key, "-out", work("est2.pem")]);
  assert.equal(again.code, 0, again.output);
  const [present, next] = ["est.pem", "est2.pem"].map((name) => new X509Certificate(readFileSync(work(name))));
  assert.notEqual(present?.serialNumber, next?.serialNumber);
  assert.equal(next?.subjectAltName, `URI:urn:tillwatch:device:home/${camera}`);
  const nobody = await est("reenroll", [...trusting, ...key, "-out", work("no.pem")]);
  assert.notEqual(nobody.code, 0, "no certificate to renew");
  await foreign();
  const stranger = ["-certs", work("foreign.pem"), "-key", work("foreign.key")];
  assert.match(
    (await est("reenroll", [...trusting, ...stranger, "-out", work("no.pem")])).output,
    /401/,
    "a foreign certificate",
  );
});

/** A certificate for the same name by an authority that is not ours. */
async function foreign(): Promise<void> {
  const subject = ["-subj", "/CN=Elsewhere", "-days", "9"];
  const pair = (name: string) => [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    work(`${name}.key`),
  ];
  await succeeds(openssl, ["req", "-x509", ...pair("elsewhere"), ...subject, "-out", work("elsewhere.pem")]);
  await succeeds(openssl, [
    "req",
    ...pair("foreign"),
    "-subj",
    `/CN=${camera.replace("/", "\\/")}`,
    "-out",
    work("foreign.csr"),
  ]);
  writeFileSync(work("ext"), "extendedKeyUsage=clientAuth\n");
  const by = ["-CA", work("elsewhere.pem"), "-CAkey", work("elsewhere.key"), "-days", "9", "-extfile", work("ext")];
  await succeeds(openssl, ["x509", "-req", "-in", work("foreign.csr"), ...by, "-out", work("foreign.pem")]);
}

/** Of our own authority, for the key in `expired.key`, over since yesterday. */
async function expired(): Promise<void> {
  await succeeds(openssl, ["genpkey", "-algorithm", "ed25519", "-out", work("expired.key")]);
  await succeeds(openssl, [
    "pkey",
    "-in",
    work("expired.key"),
    "-pubout",
    "-outform",
    "der",
    "-out",
    work("expired.pub"),
  ]);
  const authority = await CertificateAuthority.open(await clearKeys(join(folder, "data", "keys")), Date.now());
  const names = { commonName: camera, uri: `urn:tillwatch:device:home/${camera}` };
  const dayMs = 24 * 3600_000;
  const validity = { notBeforeMs: Date.now() - 2 * dayMs, notAfterMs: Date.now() - dayMs };
  const { der } = await authority.issueClient(readFileSync(work("expired.pub")), {
    serial: serialFrom(new Uint8Array(16)),
    names,
    ...validity,
  });
  writeFileSync(work("expired.pem"), certificatePem(der));
}

/** Key and certificate under a name, with openssl and curl alone. `algorithm` as `openssl genpkey` takes it. */
async function enrolByCurl(name: string, device: string, algorithm: readonly string[]): Promise<void> {
  const { code } = await newCode(app, device);
  await succeeds(openssl, ["genpkey", ...algorithm, "-out", work(`${name}.key`)]);
  await succeeds(openssl, [
    "req",
    "-new",
    "-key",
    work(`${name}.key`),
    "-subj",
    "/",
    "-outform",
    "der",
    "-out",
    work(`${name}.csr`),
  ]);
  const csr = await succeeds(openssl, ["base64", "-in", work(`${name}.csr`)]);
  const how = ["-sS", "--fail-with-body", "--cacert", work("ca.pem"), "-u", `${device}:${code}`];
  const what = ["-H", "Content-Type: application/pkcs10", "--data-binary", "@-"];
  const answer = await succeeds(curl, [...how, ...what, `${app.https}/.well-known/est/simpleenroll`], csr);
  writeFileSync(work(`${name}.p7`), await runToolBase64(answer));
  await succeeds(openssl, [
    "pkcs7",
    "-inform",
    "der",
    "-in",
    work(`${name}.p7`),
    "-print_certs",
    "-out",
    work(`${name}.pem`),
  ]);
}

async function runToolBase64(text: string): Promise<Buffer> {
  writeFileSync(work("answer.b64"), text);
  await succeeds(openssl, ["base64", "-d", "-in", work("answer.b64"), "-out", work("answer.der")]);
  return readFileSync(work("answer.der"));
}

/** Status and problem code of a signal sent with curl. */
async function signalByCurl(name: string | null, device = camera): Promise<string> {
  const shown = name === null ? [] : ["--cert", work(`${name}.pem`), "--key", work(`${name}.key`)];
  const body = JSON.stringify(eventOf(device, crypto.randomUUID()));
  const how = ["-sS", "--cacert", work("ca.pem"), ...shown, "-w", "\n%{http_code}"];
  const what = ["-H", "Content-Type: application/json", "--data-binary", "@-"];
  const output = await succeeds(curl, [...how, ...what, `${app.https}/api/v1/signals`], body);
  const [text = "", status = ""] = output.split(/\n(?=\d+$)/);
  const { code = "taken" } = JSON.parse(text) as { code?: string };
  return `${status} ${code}`;
}

for (const [says, algorithm] of [
  ["P-256", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]],
  ["P-384", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]],
  ["Ed25519", ["-algorithm", "ed25519"]],
  ["RSA 2048", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]],
] as const) {
  test(
    `A20 openssl and curl enrol with a key of ${says}, and openssl verifies the chain`,
    { skip: skipOpenssl },
    async () => {
      const name = says.replaceAll(" ", "-");
      await enrolByCurl(name, camera, algorithm);
      const printed = await succeeds(openssl, [
        "pkcs7",
        "-inform",
        "der",
        "-in",
        work(`${name}.p7`),
        "-print",
        "-noout",
      ]);
      assert.match(printed, /type: pkcs7-signedData/);
      assert.match(printed, /signer_info:\s+<EMPTY>/, "degenerate: nobody signed it");
      const strict = [
        "verify",
        "-x509_strict",
        "-purpose",
        "sslclient",
        "-CAfile",
        work("ca.pem"),
        work(`${name}.pem`),
      ];
      await succeeds(openssl, strict);
      assert.notEqual(
        (await runToolBeside(openssl ?? "", strict.with(3, "sslserver"))).code,
        0,
        "it is no server's certificate",
      );
      assert.equal(await signalByCurl(name), "202 taken");
      assert.equal(await signalByCurl(name, other), "403 device_foreign");
    },
  );
}

for (const [says, algorithm] of [
  ["RSA of 1024 bits", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]],
  ["secp256k1", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"]],
  ["Ed448", ["-algorithm", "ed448"]],
] as const) {
  test(`A20 a request by openssl with ${says} is refused`, { skip: skipOpenssl }, async () => {
    await assert.rejects(enrolByCurl("weak", camera, algorithm), /certificate_request_(key_weak|malformed)/);
  });
}

test(
  "A20 curl without, with a foreign, an expired and a revoked certificate is refused",
  { skip: skipOpenssl },
  async () => {
    await Promise.all([foreign(), expired()]);
    assert.equal(await signalByCurl(null), "401 authentication_required");
    assert.equal(await signalByCurl("foreign"), "401 device_certificate_foreign");
    assert.equal(await signalByCurl("expired"), "401 device_certificate_expired");
    await enrolByCurl("lost", other, ["-algorithm", "ed25519"]);
    assert.equal(await signalByCurl("lost", other), "202 taken");
    const check = async () => {
      const list = await fetch(new URL("/api/v1/device-authority.crl", app.url));
      writeFileSync(work("list.crl"), Buffer.from(await list.arrayBuffer()));
      const pem = await succeeds(openssl, [
        "crl",
        "-inform",
        "der",
        "-in",
        work("list.crl"),
        "-CAfile",
        work("ca.pem"),
      ]);
      writeFileSync(work("list.pem"), pem.slice(pem.indexOf("-----BEGIN")).replace(/verify OK\s*$/, ""));
      const args = ["verify", "-crl_check", "-CRLfile", work("list.pem"), "-CAfile", work("ca.pem"), work("lost.pem")];
      return runToolBeside(openssl ?? "", args);
    };
    assert.equal((await check()).code, 0);
    await revoke(other);
    assert.equal(await signalByCurl("lost", other), "401 device_certificate_revoked");
    assert.match((await check()).output, /certificate revoked/);
  },
);

async function revoke(device: string): Promise<void> {
  const [site, id] = device.split("/");
  const answer = await app.call(`/api/v1/sites/${site}/devices/${id}/revocations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ because: "lost" }),
  });
  assert.equal(answer.status, 200);
}

/** Exit code and words of mosquitto_pub, at most five seconds: after a connection that was cut it tries for ever. */
async function publish(name: string | null, topic: string, device: string) {
  const port = /mqtts:\/\/[^:]+:(\d+)/.exec(app.mqtt ?? "")?.[1] ?? "";
  const shown = name === null ? [] : ["--cert", work(`${name}.pem`), "--key", work(`${name}.key`)];
  const to = ["-h", "127.0.0.1", "-p", port, "--cafile", work("ca.pem"), ...shown, "-q", "1", "-t", topic];
  const args = [...to, "-m", JSON.stringify(eventOf(device, crypto.randomUUID()))];
  return runToolBeside(mosquitto ?? "", args, { msMax: 5_000 });
}

test(
  "A20 mosquitto_pub over TLS: its own topic with its certificate, and nothing else",
  { skip: skipMosquitto },
  async () => {
    const device = "S-1002/C-02";
    const topic = `tillwatch/${device}/signal`;
    await Promise.all([foreign(), expired()]);
    await enrolByCurl("bags", device, ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    const good = await publish("bags", topic, device);
    assert.equal(good.code, 0, good.output);
    assert.notEqual((await publish("bags", `tillwatch/${other}/signal`, other)).code, 0, "the topic of another");
    for (const name of [null, "foreign", "expired"]) {
      const { code, output } = await publish(name, topic, device);
      assert.notEqual(code, 0, name ?? "no certificate");
      assert.match(output, /not authorised/i, name ?? "no certificate");
    }
    await revoke(device);
    const revoked = await publish("bags", topic, device);
    assert.match(revoked.output, /not authorised/i);
  },
);

test(
  "A20 tokens that PyJWT signs are taken, once, and its forgeries are not",
  { skip: skipWithout("PyJWT", python) },
  async () => {
    const device = "S-1003/C-01";
    const key = await enrolledKey(app, device);
    writeFileSync(work("token.key"), key.privateKey.export({ type: "pkcs8", format: "pem" }));
    const sign = async (how: object) => {
      const asked = {
        key: work("token.key"),
        kid: key.kid,
        sub: `device:${device}`,
        aud: key.audience,
        alg: "EdDSA",
        life: 60,
        ...how,
      };
      return (await succeeds(python, ["-c", signer, JSON.stringify(asked)])).trim();
    };
    const send = async (token: string) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const body = JSON.stringify(eventOf(device, crypto.randomUUID()));
      const answer = await fetch(new URL("/api/v1/signals", app.url), { method: "POST", headers, body });
      return answer.status === 202 ? "taken" : ((await answer.json()) as { code: string }).code;
    };
    const token = await sign({});
    assert.equal(await send(token), "taken");
    assert.equal(await send(token), "device_token_replayed");
    assert.equal(await send(await sign({ alg: "none" })), "device_token_malformed");
    assert.equal(await send(await sign({ alg: "HS256", secret: key.jwk.x })), "device_token_malformed");
    assert.equal(
      await send(await sign({ aud: "urn:tillwatch:installation:elsewhere" })),
      "device_token_audience_wrong",
    );
    assert.equal(await send(await sign({ life: -120 })), "device_token_expired");
    assert.equal(await send(await sign({ life: 3600 })), "device_token_too_long");
    assert.equal(await send(await sign({ sub: `device:${other}` })), "device_token_subject_wrong");
  },
);

const signer = `
import json, sys, time, uuid, jwt
a = json.loads(sys.argv[1]); now = int(time.time())
claims = {"sub": a["sub"], "aud": a["aud"], "iat": now, "exp": now + a["life"], "jti": str(uuid.uuid4())}
key = {"none": None, "HS256": a.get("secret")}.get(a["alg"], open(a["key"]).read())
print(jwt.encode(claims, key, algorithm=a["alg"], headers={"kid": a["kid"]}))
`;
import { clearKeys } from "../packages/server/src/testing/key-folder.ts";

test("A20 the listener over TLS speaks TLS 1.2 and 1.3, and nothing older", { skip: skipOpenssl }, async () => {
  const hello = async (version: string) => {
    const args = [
      "s_client",
      "-connect",
      server(),
      "-CAfile",
      work("ca.pem"),
      "-verify_return_error",
      "-verify_ip",
      "127.0.0.1",
      version,
    ];
    return runToolBeside(openssl ?? "", [...args, "-cipher", "DEFAULT@SECLEVEL=0"], { msMax: 20_000 });
  };
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const { code, output } = await hello(version);
    assert.equal(code, 0, output);
    assert.match(output, /Acceptable client certificate CA names\s+CN = Tillwatch devices/);
  }
  for (const version of ["-tls1", "-tls1_1"]) assert.notEqual((await hello(version)).code, 0, version);
});

test("A20 what names a key is its RFC 7638 thumbprint", async () => {
  const key = await enrolledKey(app, "S-1003/C-02");
  const thumbprint = createHash("sha256")
    .update(`{"crv":"Ed25519","kty":"OKP","x":"${key.jwk.x}"}`)
    .digest("base64url");
  assert.equal(key.kid, thumbprint);
});
