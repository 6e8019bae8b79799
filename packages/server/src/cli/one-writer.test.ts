import assert from "node:assert/strict";
import { test } from "node:test";
import { runningApp } from "../testing/running-app.ts";
import { exitUnusable, type Cli, type Command } from "./command.ts";
import { decisionCommand } from "./decision-command.ts";
import { eraseCommand } from "./erase-command.ts";
import { keysCommand } from "./keys-command.ts";

const id = "00000000-0000-4000-8000-000000000000";
const commands: readonly (readonly [Command, readonly string[]])[] = [
  [decisionCommand, ["list", "TW-2026-000001"]],
  [decisionCommand, ["replay", id]],
  [eraseCommand, ["signal", id, "a request of the person"]],
  [keysCommand, ["rotate"]],
];

test("N14 no command opens an embedded database beside the server that writes it", async (context) => {
  const app = await runningApp(context);
  const said: string[] = [];
  const cli = (args: readonly string[]): Cli => ({
    args,
    env: { TILLWATCH_DATA: app.folder },
    out: (text) => said.push(text),
    err: (text) => said.push(text),
    stopped: new AbortController().signal,
  });
  for (const [command, args] of commands) {
    await assert.rejects(command.run(cli(args)), { code: "data_folder_in_use" }, args.join(" "));
  }
  assert.deepEqual(said, []);
  assert.equal((await app.call("/api/v1/stats")).status, 200, "and the server works on");
  await app.close();
  assert.equal(await decisionCommand.run(cli(["list", "TW-2026-000001"])), exitUnusable);
  assert.match(said.join(""), /no case of this database/);
});
