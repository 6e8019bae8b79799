import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { appendAudit } from "../audit/audit-append.ts";
import { logKey } from "../audit/audit-http.ts";
import { systemChance } from "../platform/chance.ts";
import { systemClock } from "../platform/clock.ts";
import { logSigner, onLog, type LogHouse } from "../testing/log-house.ts";
import { anchorNow, anchorPlace, type AnchorPlace } from "./anchor-append.ts";

async function grow({ db, sequencer }: LogHouse, count: number): Promise<void> {
  const subject = { kind: "thing", id: "t" };
  const record = { kind: "test.happened", actor: "machine", subject, because: "x", body: {}, atMs: 0 };
  await db.transaction().execute((tx) =>
    appendAudit(
      tx,
      Array.from({ length: count }, () => record),
      systemChance,
    ),
  );
  await sequencer.integrateNow();
}

function anchoring({ db, files }: LogHouse, place: AnchorPlace) {
  const key = () => logKey({ db, logPublicKey: logSigner.publicKey });
  return () => anchorNow({ db, files, key, place, clock: systemClock, chance: systemChance });
}

onLog(
  "O06 what a second place keeps is compared: a log that was put back or changed, a foreign or a lost checkpoint are named",
  async (house) => {
    const folder = join(house.folder, "anchor");
    const anchor = anchoring(house, anchorPlace(`file:${folder}`));
    await grow(house, 300);
    assert.equal((await anchor()).says, "the first checkpoint");
    await grow(house, 300);
    assert.deepEqual((await anchor()).evidence, { ours: 600, theirs: 300 });
    const anchored = await readFile(join(folder, "checkpoint"), "utf8");
    assert.equal(await readFile(join(folder, "checkpoints/600"), "utf8"), anchored);
    const note = await house.files.read("checkpoint");
    await house.files.writeCheckpoint(await readFile(join(folder, "checkpoints/300"), "utf8"));
    const back = await anchor();
    assert.equal(back.ok, false);
    assert.match(back.says, /the log has 300 entries, 600 were anchored: it was put back/);
    assert.equal(await readFile(join(folder, "checkpoint"), "utf8"), anchored, "the witness stays as it is");
    await house.files.writeCheckpoint(Buffer.from(note ?? []).toString("utf8"));
    assert.equal((await anchor()).ok, true);
    const tile = "tile/1/000.p/2";
    const bytes = Uint8Array.from((await house.files.read(tile)) ?? []);
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    await writeFile(join(house.folder, "log", tile), bytes);
    assert.match((await anchor()).says, /the first 600 entries are not those that were anchored/);
    await writeFile(join(folder, "checkpoint"), anchored.replace("shop.example", "shop.exampel"));
    assert.match((await anchor()).says, /is not of this log/);
    await writeFile(join(folder, "checkpoint"), "");
    assert.equal((await anchor()).ok, false);
    await import("node:fs/promises").then((fs) => fs.rm(join(folder, "checkpoint")));
    assert.match((await anchor()).says, /holds no checkpoint: it is gone/);
  },
);

onLog(
  "O06 a place behind a URL takes the checkpoint and gives it back; one that refuses or is away is a fault",
  async (house) => {
    let kept: string | null = null;
    let refuses = false;
    const server = createServer((request, response) => {
      if (refuses) return response.writeHead(500).end();
      if (request.method === "GET") return kept === null ? response.writeHead(404).end() : response.end(kept);
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        kept = body;
        response.writeHead(204).end();
      });
      return undefined;
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const anchor = anchoring(house, anchorPlace(`http://127.0.0.1:${port}/log`));
    try {
      await grow(house, 3);
      assert.equal((await anchor()).ok, true);
      await grow(house, 3);
      assert.deepEqual((await anchor()).evidence, { ours: 6, theirs: 3 });
      assert.match(String(kept), /\n6\n/);
      refuses = true;
      await assert.rejects(anchor(), /500/);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  },
);
