import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { roles } from "../packages/server/src/access/principal.ts";
import { ServerProcess, serverToken } from "../packages/server/src/testing/crash-server.ts";
import { signedIn } from "../packages/server/src/testing/signed-in.ts";
import { pythonTool, skipWithout } from "./tools.ts";

/**
 * Schemathesis makes up requests from our OpenAPI document, with each role: whatever is sent, the server answers as the document says, and
 * never with a fault of its own. TILLWATCH_FUZZ_SECONDS is how long each role tries (an hour: 3600). Two roles try at a time, as two people would.
 * The minute of a plain run begins at the same seed each time, so that a change is judged and not the dice; a long run, or TILLWATCH_FUZZ_SEED, looks
 * elsewhere. The seed stands in what a failure prints.
 */

const python = pythonTool(["schemathesis==4.32.5"]);
const skip = skipWithout("schemathesis", python);
const seconds = Number(process.env["TILLWATCH_FUZZ_SECONDS"] ?? 60);
const longFromSeconds = 300;
/** Whoever answers later hangs. The matrix of policies takes seconds of a processor once, and waits its turn beside what two roles ask. */
const requestSeconds = 30;
const seed = Number(process.env["TILLWATCH_FUZZ_SEED"] ?? (seconds < longFromSeconds ? 1 : randomInt(2 ** 31)));
const folder = mkdtempSync(join(tmpdir(), "tillwatch-fuzz-"));
const shippedPack = new URL("../pack/retail", import.meta.url).pathname;
const server =
  skip === false
    ? new ServerProcess({ dataFolder: join(folder, "data"), databaseUrl: null, packFolder: shippedPack, mqtt: false })
    : null;
after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const checks = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_schema_conformance",
  "allow_header_conformance",
].join(",");

/** What the tool said and its exit code; 0: it found nothing. */
async function fuzz(location: string, url: string, headers: Readonly<Record<string, string>>) {
  const options =
    `--url ${url} --checks ${checks} --seed ${seed} --max-time ${seconds} --request-timeout ${requestSeconds} --continue-on-failure --no-color`.split(
      " ",
    );
  const endless = ["--exclude-path", "/api/v1/events"];
  const shown = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const args = ["run", location, ...options, ...endless, ...shown];
  const child = spawn(join(dirname(python ?? ""), "schemathesis"), args, {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, said };
}

/** What failed, with the request that did it; the end where nothing is listed as failed. */
function endOf(said: string): string {
  const at = said.search(/^=+ FAILURES =+$/m);
  return at === -1 ? said.slice(-6_000) : `${said.slice(at, at + 12_000)}\nTILLWATCH_FUZZ_SEED=${seed}`;
}

describe("schemathesis", { skip, concurrency: 2 }, () => {
  test("S01 the tool finds an answer that breaks the document: this check can fail", async () => {
    const { url } = (await server?.ready()) ?? { url: "" };
    const document = {
      openapi: "3.1.0",
      info: { title: "wrong on purpose", version: "1" },
      servers: [{ url }],
      paths: {
        "/healthz": {
          get: {
            responses: {
              200: {
                description: "says something else",
                content: { "application/json": { schema: { type: "object", required: ["unwell"] } } },
              },
            },
          },
        },
      },
    };
    const file = join(folder, "wrong.json");
    writeFileSync(file, JSON.stringify(document));
    const { code, said } = await fuzz(file, url, { authorization: `Bearer ${serverToken}` });
    assert.notEqual(code, 0, endOf(said));
    assert.match(said, /unwell/);
  });

  test(`S01 N01 with the installation's token no request breaks server or document (${seconds} s)`, async () => {
    const { url } = (await server?.ready()) ?? { url: "" };
    const { code, said } = await fuzz(`${url}/openapi.json`, url, { authorization: `Bearer ${serverToken}` });
    assert.equal(code, 0, endOf(said));
  });

  for (const role of roles) {
    test(`S01 N01 as ${role} no request breaks server or document (${seconds} s)`, async () => {
      const { url } = (await server?.ready()) ?? { url: "" };
      const cookie = await signedIn(url, serverToken, { roles: [role] });
      const { code, said } = await fuzz(`${url}/openapi.json`, url, { cookie, "sec-fetch-site": "same-origin" });
      assert.equal(code, 0, endOf(said));
    });
  }
});
