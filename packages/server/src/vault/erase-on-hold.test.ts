import assert from "node:assert/strict";
import { test } from "node:test";
import { exitFailed, exitOk, type Cli } from "../cli/command.ts";
import { eraseCommand } from "../cli/erase-command.ts";
import { startIn } from "../testing/running-app.ts";
import { reported, town, who } from "../testing/town.ts";

const credentials = [who("investigator", ["home", "investigator"]), who("counsel", ["home", "counsel"])];
const because = "the lawyers of the other side wrote";

test("N05 J12 at the machine too nothing is erased while a hold stands against it", async (context) => {
  const { app, as } = await town(context, credentials);
  const summary = "Marta Hallig took two bottles and left.";
  const id = await reported(as("investigator"), { summary });
  const path = `/api/v1/incidents/${id}`;
  const said = { matter: "Hallig v. Example Retail, 12 C 3", ground: "legal_claim", because };
  const held = await as("counsel")(`${path}/holds`, said);
  assert.equal(held.status, 201, held.text);
  await app.close();

  const output: string[] = [];
  const erase = (): Promise<number> => {
    const cli: Cli = {
      args: ["incident", id, "she", "asked", "for", "it"],
      env: { TILLWATCH_DATA: app.folder },
      out: (text) => output.push(text),
      err: (text) => output.push(text),
      stopped: new AbortController().signal,
    };
    return eraseCommand.run(cli);
  };
  await assert.rejects(erase(), { code: "erase_on_hold" });
  const again = await startIn(app.folder, {}, { credentials });
  const ask = (name: string, to: string, init: RequestInit = {}) =>
    fetch(new URL(to, again.url), {
      ...init,
      headers: { authorization: `Bearer ${name}`, "content-type": "application/json" },
    });
  const record = await (await again.call("/api/v1/audit?kind=hold.withstood")).json();
  const [attempt] = (record as { items: { subject: object; actor: string }[] }).items;
  assert.deepEqual(attempt?.subject, { kind: "incident", id });
  const still = await (await again.call(path)).json();
  assert.equal((still as { summary: string }).summary, summary);
  const end = `${path}/holds/${held.json.id}/end`;
  assert.equal((await ask("counsel", end, { method: "POST", body: JSON.stringify({ because }) })).status, 204);
  await again.close();

  assert.equal(await erase(), exitOk);
  assert.equal(await erase(), exitFailed, "there is nothing left of it");
  assert.match(output.join(""), /erased; it stands in the record\nthere is no such text/);
});
