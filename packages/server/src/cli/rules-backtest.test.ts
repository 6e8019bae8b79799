import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { rulesCommand } from "./rules-command.ts";

test("C11 a backtest that its key may start and not read is ended on the server, and the command says what the key lacks", async () => {
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    asked.push(`${request.method} ${request.url}`);
    const refused = { code: "access_refused", detail: "the key was not given this action: rule:read", remedy: "Ask." };
    answer.writeHead(request.method === "GET" ? 403 : 200, { "content-type": "application/json" });
    answer.end(JSON.stringify(request.method === "GET" ? refused : { id: "b-1" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const folder = mkdtempSync(join(tmpdir(), "tw-backtest-"));
  try {
    writeFileSync(join(folder, "a.yml"), "title: A void\n");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const run = rulesCommand.run({
      args: ["backtest", folder, "--url", url, "--token", "twk_x"],
      env: {},
      out: () => {},
      err: () => {},
      stopped: new AbortController().signal,
    });
    await assert.rejects(
      run,
      /cannot be read: access_refused: the key was not given this action: rule:read\n {4}Ask\./,
    );
    const path = "/api/v1/rules/backtests";
    assert.deepEqual(asked, [`POST ${path}`, `GET ${path}/b-1`, `POST ${path}/b-1/cancel`]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    server.close();
  }
});
