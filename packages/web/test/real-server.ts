import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import type { Readable } from "node:stream";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

export type RealServer = {
  readonly origin: string; // by name: browsers give passkeys to no IP address
  readonly setUpLink: string;
  readonly token: string;
  readonly close: () => Promise<void>;
};

export type Demo = Omit<RealServer, "setUpLink"> & {
  /** A new sign-in link of one of its people, good once; earlier ones of everybody open nothing any more. */
  readonly linkOf: (name: string) => Promise<string>;
};

/** The server itself on an empty data folder and a free port, whose token reads what came of a test; `close` ends it and removes the folder. */
export async function startRealServer(): Promise<RealServer> {
  const { said, ...server } = await started("start", /set up +\S+\n/, { TILLWATCH_ADMIN_TOKEN_MAY: "everything" });
  return { ...server, setUpLink: found(said, /set up +(\S+)/) };
}

/** The demo, as whoever tries the product starts it: its shops signal, its people have links. */
export async function startDemo(): Promise<Demo> {
  const { said: _said, ...server } = await started("demo", /Rosa Marin[^\n]*\n\s+\S+\n/);
  const linkOf = async (name: string) => {
    const headers = { authorization: `Bearer ${server.token}` };
    const answer = await fetch(`${server.origin}/api/v1/demo-links`, { method: "POST", headers });
    const { items } = (await answer.json()) as { readonly items: readonly { name: string; link: string }[] };
    const person = items.find((one) => one.name === name);
    if (person === undefined) throw new Error(`the demo has no ${name}`);
    return person.link;
  };
  return { ...server, linkOf };
}

function found(said: string, form: RegExp): string {
  const text = form.exec(said)?.[1];
  if (text === undefined) throw new Error(`nothing like ${form} in: ${said}`);
  return text;
}

type Started = Omit<RealServer, "setUpLink"> & { readonly said: string };

/** Runs the command until it has said what is waited for. */
async function started(
  command: "start" | "demo",
  wanted: RegExp,
  more: Readonly<Record<string, string>> = {},
): Promise<Started> {
  const data = mkdtempSync(join(tmpdir(), "tillwatch-real-"));
  const port = await freePort();
  const env = { TILLWATCH_DATA: data, TILLWATCH_HTTP: `127.0.0.1:${port}`, TILLWATCH_MQTT: "off", ...more };
  const child = spawn(process.execPath, [join(root, "packages/server/src/main.ts"), command], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const close = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  const ready = await saysUntil(child.stdout, wanted);
  if (!ready.found) {
    await close();
    throw new Error(`the server ended before it was ready: ${ready.said}`);
  }
  const { said } = ready;
  return { origin: `http://localhost:${port}`, token: found(said, /token +(tw_\S+)/), close, said };
}

/** What it says until `wanted` is in it, or it ends. It is listened to for as long as it speaks: a closed pipe would end it. */
function saysUntil(from: Readable, wanted: RegExp): Promise<{ readonly said: string; readonly found: boolean }> {
  return new Promise((resolve) => {
    let said = "";
    from.on("data", (part: Buffer) => {
      said += part.toString("utf8");
      if (wanted.test(said)) resolve({ said, found: true });
    });
    from.once("close", () => resolve({ said, found: false }));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
