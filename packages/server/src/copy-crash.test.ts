import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { shippedPack } from "./cli/shipped.ts";
import { ServerProcess, serverToken } from "./testing/crash-server.ts";
import { testOnPostgres, withFreshPostgres } from "./testing/databases.ts";
import { skipWithoutFfmpeg, tellingClip } from "./testing/media-house.ts";
import { eventually } from "./testing/running-app.ts";

const skip = skipWithoutFfmpeg();

/** An ffmpeg that hands out the beginning of a copy, says that it did, and hangs. */
function hangingIn(folder: string): { readonly ffmpeg: string; readonly running: string } {
  const bin = join(folder, "bin");
  const running = join(folder, "running");
  mkdirSync(bin);
  const render = `ffmpeg "$@" | head -c 700; echo $$ > '${running}'; exec sleep 600`;
  writeFileSync(join(bin, "ffmpeg"), `#!/bin/sh\ncase "$*" in *filter_complex*) ${render};; esac\nexec ffmpeg "$@"\n`);
  writeFileSync(join(bin, "ffprobe"), `#!/bin/sh\nexec ffprobe "$@"\n`);
  for (const name of ["ffmpeg", "ffprobe"]) chmodSync(join(bin, name), 0o755);
  return { ffmpeg: join(bin, "ffmpeg"), running };
}

function filesBelow(folder: string): readonly string[] {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function asked(url: string, path: string, body?: FormData | string): Promise<Response> {
  const type = typeof body === "string" ? { "content-type": "application/json" } : {};
  return fetch(new URL(path, url), {
    headers: { authorization: `Bearer ${serverToken}`, ...type },
    ...(body === undefined ? {} : { method: "POST", body }),
  });
}

async function clipSent(url: string, clip: Buffer): Promise<string> {
  const report = {
    siteId: "S-1001",
    category: "shoplifting",
    occurredAt: new Date(Date.now() - 60_000).toISOString(),
    summary: "Two bottles were taken.",
  };
  const site = { name: "Main street", timezone: "Europe/Brussels", currency: "EUR", country: "BE" };
  const put = await fetch(new URL("/api/v1/sites/S-1001", url), {
    method: "PUT",
    headers: { authorization: `Bearer ${serverToken}`, "content-type": "application/json" },
    body: JSON.stringify(site),
  });
  assert.ok(put.ok, await put.text());
  const made = await asked(url, "/api/v1/incidents", JSON.stringify(report));
  assert.equal(made.status, 201);
  const { id: incident } = (await made.json()) as { id: string };
  const form = new FormData();
  form.set("file", new File([new Uint8Array(clip)], "a.mp4", { type: "video/mp4" }));
  const sent = await asked(url, `/api/v1/incidents/${incident}/exhibits`, form);
  assert.equal(sent.status, 201);
  return ((await sent.json()) as { id: string }).id;
}

/** Killed while a copy is half made; then started with a program that works. */
async function killedInTheMiddle(databaseUrl: string | null): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tw-copy-crash-"));
  const dataFolder = join(folder, "data");
  const settings = { dataFolder, databaseUrl, packFolder: shippedPack, mqtt: false };
  const clip = tellingClip("mp4");
  assert.match(clip.toString("latin1"), /Zaphodine Quux/);
  const { ffmpeg, running } = hangingIn(folder);
  let server = new ServerProcess({ ...settings, environment: { TILLWATCH_FFMPEG: ffmpeg } });
  try {
    const { url } = await server.ready();
    const exhibit = await clipSent(url, clip);
    const content = (at: string) => asked(at, `/api/v1/exhibits/${exhibit}/content?because=a+test`);
    assert.equal((await content(url)).status, 202, "no copy, no bytes");
    await eventually(async () => (existsSync(running) ? true : null), 30_000);
    assert.equal((await content(url)).status, 202, "half a copy is none");
    await server.kill9();
    process.kill(Number(readFileSync(running, "utf8")), "SIGKILL"); // what a server leaves behind ends by its own limit of time

    const scratch = join(dataFolder, "scratch");
    assert.equal(readdirSync(scratch).length, 1, "what it read lies there still");
    const pieces = [clip.subarray(0, 64), clip.subarray(-64), Buffer.from("Zaphodine")];
    for (const file of filesBelow(dataFolder)) {
      const bytes = readFileSync(file);
      for (const piece of pieces) assert.equal(bytes.indexOf(piece), -1, `${file} holds plain bytes of the clip`);
    }

    server = new ServerProcess(settings);
    const again = await server.ready();
    const copy = await eventually(async () => {
      const answer = await content(again.url);
      return answer.status === 202 ? null : answer;
    }, 60_000);
    assert.equal(copy.status, 200, "the job is taken up again");
    const bytes = Buffer.from(await copy.arrayBuffer());
    assert.equal(bytes.length, Number(copy.headers.get("content-length")));
    assert.ok(bytes.length > 700 && bytes.includes("moov") && !bytes.includes("Zaphodine"), "and it is a whole one");
    assert.deepEqual(readdirSync(scratch), []);
    const view = (await (await asked(again.url, `/api/v1/exhibits/${exhibit}`)).json()) as {
      copies: { state: string }[];
    };
    assert.deepEqual(
      view.copies.map(({ state }) => state),
      ["ready"],
    );
    const copies = filesBelow(join(dataFolder, "objects")).filter((file) => file.includes("/copies/"));
    assert.equal(copies.length, 1, `no half of one stays: ${copies.join()}`);
    assert.equal(await server.stop(), 0);
  } finally {
    await server.kill9();
    rmSync(folder, { recursive: true, force: true });
  }
}

test(
  "J16 B05 kill -9 while a copy is made: nothing plain lies about, no half copy opens, the next start makes it (PGlite)",
  { skip },
  () => killedInTheMiddle(null),
);

testOnPostgres(
  "J16 B05 kill -9 while a copy is made: nothing plain lies about, no half copy opens, the next start makes it",
  (server) => withFreshPostgres(server, (_database, url) => killedInTheMiddle(url)),
  { skip },
);
