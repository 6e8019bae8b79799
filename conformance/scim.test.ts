import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { freshPglite } from "../packages/server/src/testing/databases.ts";
import { scimHouse } from "../packages/server/src/testing/scim-house.ts";
import { pythonTool, skipWithout } from "./tools.ts";

/** Our SCIM 2.0 endpoint under scim2-tester: discovery, CRUD, search, and each attribute added, replaced and removed by PATCH. */

// Later clients have no engine for httpx, which this tester speaks through.
const python = pythonTool(["scim2-tester==0.2.8", "scim2-client[httpx]==0.7.4", "scim2-models==0.6.12"]);
const skip = skipWithout("scim2-tester", python);

/** What it finds wrong and we leave: a person is active or is not, so that removing the attribute brings back what it is without it. */
const left = ["PATCH modify() did not remove attribute 'active'"];

type Found = { readonly passed: number; readonly errors: readonly string[]; readonly output: string };

/** Asynchronous: the server that is tested runs in this process. */
async function check(url: string, key: string): Promise<Found> {
  const args = ["-c", "from scim2_tester.cli import cli; cli()", `${url}/scim/v2`, "--token", key];
  const child = spawn(python ?? "", args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  await new Promise((resolve) => child.on("close", resolve));
  const lines = output.split("\n");
  const errors = lines.flatMap((line, index) => {
    if (!/^(ERROR|CRITICAL|DEVIATION) /.test(line)) return [];
    const reason = lines[index + 1]?.trim() ?? "";
    return left.includes(reason) ? [] : [`${line}: ${reason}`];
  });
  return { passed: lines.filter((line) => line.startsWith("SUCCESS ")).length, errors, output };
}

async function listeningHouse(context: TestContext) {
  const database = await freshPglite();
  context.after(() => database.close());
  const at = await scimHouse(context, database.db);
  return { ...at, url: await at.listen() };
}

test("N04 scim2-tester finds nothing wrong with our SCIM", { skip }, async (context) => {
  const at = await listeningHouse(context);
  const found = await check(at.url, at.key);
  assert.deepEqual(found.errors, [], found.output);
  assert.ok(found.passed > 90, found.output);
});

/** A proxy that spoils answers on their way: each way must be found. */
async function spoiled(
  context: TestContext,
  target: string,
  spoil: (path: string, text: string) => string,
): Promise<string> {
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const method = request.method ?? "GET";
    const headers = new Headers();
    for (const name of ["authorization", "content-type", "accept"]) {
      const value = request.headers[name];
      if (typeof value === "string") headers.set(name, value);
    }
    const body = chunks.length === 0 ? null : Buffer.concat(chunks);
    const answer = await fetch(`${target}${request.url}`, { method, headers, body });
    const text = answer.status === 204 ? null : spoil(`${method} ${request.url}`, await answer.text());
    response.writeHead(answer.status, { "content-type": "application/scim+json" }).end(text ?? undefined);
  };
  const server = createServer((request, response) => void pass(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ways = [
  {
    says: "a patch that is answered and not done",
    spoil: (path: string, text: string) =>
      path.startsWith("PATCH") ? text.replace(/"displayName":"[^"]*"/, '"displayName":"another"') : text,
  },
  {
    says: "a list that leaves people out",
    spoil: (path: string, text: string) =>
      path === "GET /scim/v2/Users" ? text.replace(/"Resources":\[.*\]/, '"Resources":[]') : text,
  },
];
for (const { says, spoil } of ways) {
  test(`N04 scim2-tester refuses our SCIM when it answers wrongly: ${says}`, { skip }, async (context) => {
    const at = await listeningHouse(context);
    const found = await check(await spoiled(context, at.url, spoil), at.key);
    assert.ok(found.passed > 20 && found.errors.length > 0, found.output);
  });
}
