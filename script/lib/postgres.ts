import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export type ThrowawayPostgres = { readonly url: string; readonly close: () => Promise<void> };

const startMsMax = 60_000;
const stopMsMax = 20_000;

/**
 * Starts a Postgres server of its own on loopback, in a temporary folder, with fsync on, and ends it by its own pid. Answers
 * null where no server program is found (Debian's folders, then the path). Postgres refuses to run as root, so root runs it as
 * the user `postgres`.
 */
export async function startThrowawayPostgres(): Promise<ThrowawayPostgres | null> {
  const bin = findServerPrograms();
  if (bin === null) return null;
  const user = runAs();
  const folder = mkdtempSync(join(tmpdir(), "tillwatch-pg-"));
  if (user !== null) chownSync(folder, user.uid, user.gid);
  const options = { cwd: folder, ...user };
  const data = join(folder, "data");
  try {
    execFileSync(
      join(bin, "initdb"),
      ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
      { ...options, stdio: ["ignore", "ignore", "pipe"] },
    );
    const port = await freePort();
    const server = spawn(
      join(bin, "postgres"),
      ["-D", data, "-h", "127.0.0.1", "-p", String(port), "-k", folder, "-c", "max_connections=200", "-c", "fsync=on"],
      { ...options, stdio: ["ignore", "ignore", "pipe"] },
    );
    return await onceReady({ server, bin, port, folder });
  } catch (fault) {
    rmSync(folder, { recursive: true, force: true });
    throw fault;
  }
}

type Started = { readonly server: ChildProcess; readonly bin: string; readonly port: number; readonly folder: string };

async function onceReady({ server, bin, port, folder }: Started): Promise<ThrowawayPostgres> {
  let said = "";
  server.stderr?.on("data", (chunk: Buffer) => (said = (said + chunk.toString("utf8")).slice(-4_000)));
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const isRunning = () => server.exitCode === null && server.signalCode === null;
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  // The last resort, when this process ends without closing: nothing of the folder is worth an orderly end.
  const onExit = () => {
    if (isRunning()) server.kill("SIGKILL");
    remove();
  };
  process.once("exit", onExit);
  const until = performance.now() + startMsMax;
  while (!accepts(bin, port)) {
    if (!isRunning() || performance.now() > until) throw new Error(`the throwaway Postgres did not start:\n${said}`);
    await sleep(100);
  }
  const close = async () => {
    if (isRunning()) server.kill("SIGINT"); // fast shutdown: open sessions are ended
    await Promise.race([ended, sleep(stopMsMax, undefined, { ref: false })]);
    process.removeListener("exit", onExit);
    onExit();
  };
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, close };
}

function accepts(bin: string, port: number): boolean {
  try {
    execFileSync(join(bin, "pg_isready"), ["-q", "-h", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const debianFolder = "/usr/lib/postgresql";

function findServerPrograms(): string | null {
  const versions = existsSync(debianFolder) ? readdirSync(debianFolder) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a)).map((version) => `${debianFolder}/${version}/bin`);
  const onPath = (process.env["PATH"] ?? "").split(":");
  return (
    [...newest, ...onPath].find((bin) => existsSync(join(bin, "initdb")) && existsSync(join(bin, "postgres"))) ?? null
  );
}

function runAs(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
