import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { sql } from "kysely";
import { isJsonObject } from "@tillwatch/wire";
import { readConfig, type Config } from "../config/config.ts";
import { loadPack } from "../pack/load-pack.ts";
import { readPackFiles } from "../pack/pack-files.ts";
import { openDatabase } from "../platform/database/database.ts";
import { makeNamedFolder } from "../platform/durable-file.ts";
import { lockFolder } from "../platform/folder-lock.ts";
import { describeFault } from "../platform/log.ts";
import type { Schema } from "../schema.ts";
import { exitFailed, exitOk, type Command } from "./command.ts";
import { builtWeb, shippedPack } from "./shipped.ts";

/** One thing looked at. `remedy` says what to do where it is not ok. */
type Finding = { readonly name: string; readonly ok: boolean; readonly says: string; readonly remedy?: string };

const nodeMajorMin = 24;
const freeBytesMin = 1024 ** 3;
const answerWithinMs = 3_000;

export const doctorCommand: Command = {
  usage: "doctor",
  summary: "says what is wrong with this installation, and the remedy; changes nothing",
  run: async (cli) => {
    const findings = await examine(cli.env);
    for (const { name, ok, says, remedy } of findings) {
      cli.out(`${ok ? "ok   " : "WRONG"} ${name}: ${says}\n${ok || remedy === undefined ? "" : `      ${remedy}\n`}`);
    }
    const wrong = findings.filter((finding) => !finding.ok).length;
    cli.out(wrong === 0 ? "\nnothing is wrong\n" : `\n${wrong} of ${findings.length} checks found something\n`);
    return wrong === 0 ? exitOk : exitFailed;
  },
};

async function examine(env: Parameters<typeof readConfig>[0]): Promise<readonly Finding[]> {
  const node = nodeVersion();
  const config = readConfig(env, shippedPack);
  if (!config.ok) {
    const wrong = config.error.map(({ setting, message }) => ({
      name: setting,
      ok: false,
      says: message,
      remedy: "docs/operating.md lists every setting with its form",
    }));
    return [node, ...wrong];
  }
  const running = await answers(config.value);
  return [
    node,
    dataFolder(config.value),
    ...keyFiles(config.value),
    devices(config.value),
    pack(config.value),
    ...(running === null ? [await database(config.value), await port(config.value)] : [running]),
    web(),
  ];
}

/** A server that runs holds the database and the port: then it is asked, and null says that none answers there. */
async function answers({ http }: Config): Promise<Finding | null> {
  const url = `http://${http.host.includes(":") ? `[${http.host}]` : http.host}:${http.port}`;
  const asked = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(answerWithinMs) }).catch(() => null);
  const body: unknown = await asked?.json().catch(() => null);
  if (asked === null || !isJsonObject(body) || !Array.isArray(body["checks"])) return null;
  const checks = body["checks"]
    .filter(isJsonObject)
    .map(({ name, says }) => [name, says].filter((part) => typeof part === "string").join(": "));
  return {
    name: "server",
    ok: asked.ok,
    says: `answers at ${url} (${checks.join(", ")})`,
    remedy: 'what is not ready is named; docs/operating.md, part "When ..."',
  };
}

function nodeVersion(): Finding {
  const major = Number(process.versions.node.split(".")[0]);
  const remedy = "run script/bootstrap, then start with ./tillwatch";
  return { name: "Node", ok: major >= nodeMajorMin, says: `version ${process.versions.node}`, remedy };
}

function dataFolder({ dataFolder: folder }: Config): Finding {
  try {
    makeNamedFolder(folder);
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    const free = bavail * bsize;
    const says = `${folder}, ${(free / 1024 ** 3).toFixed(1)} GiB free`;
    return {
      name: "data folder",
      ok: free >= freeBytesMin,
      says,
      remedy: "make room: signals are refused with 503 once the disk is full",
    };
  } catch (fault) {
    return {
      name: "data folder",
      ok: false,
      says: describeFault(fault),
      remedy: "give this user a folder to write to: TILLWATCH_DATA",
    };
  }
}

function keyFiles({ keysFolder: folder }: Config): readonly Finding[] {
  return ["master.key", "log.key", "seal.key", "device-ca.key", "admin.token"].flatMap((name) => {
    const file = join(folder, name);
    if (!existsSync(file)) return [];
    const mode = statSync(file).mode & 0o777;
    const says = `${file}, mode ${mode.toString(8)}`;
    return [
      { name: "key", ok: (mode & 0o077) === 0, says, remedy: `chmod 600 ${file}; if others could read it, change it` },
    ];
  });
}

/** Not wrong by itself: on a machine of one's own the demo and first tries need no identity. */
function devices({ devices: { mode, mqtts, https }, mqtt }: Config): Finding {
  const name = "devices";
  const plain = mqtt.kind === "embedded" && mqtt.login === null;
  if (mode === "open" && plain) {
    const says =
      "open: WHOEVER REACHES LOOPBACK may publish for any device; before real ones signal, enrol them and set TILLWATCH_DEVICES=known";
    return { name, ok: true, says };
  }
  const remedy =
    "set TILLWATCH_MQTTS (or TILLWATCH_HTTPS), where devices can show certificates, or let them sign tokens";
  const reachable = mqtts !== null || https !== null || mqtt.kind !== "off";
  return { name, ok: mode !== "required" || reachable, says: mode, remedy };
}

function pack({ packFolder }: Config): Finding {
  const remedy = "correct the file; the server starts with a whole pack or not at all";
  try {
    const loaded = loadPack(readPackFiles(packFolder));
    if (loaded.ok) {
      const { rulebook, directory } = loaded.value;
      return {
        name: "pack",
        ok: true,
        says: `${packFolder}: ${rulebook.parsed.length} rules, ${directory.sites.length} sites`,
      };
    }
    const lines = loaded.error.map(
      ({ file, line, message }) => `${file}${line === null ? "" : `:${line}`}: ${message}`,
    );
    return { name: "pack", ok: false, says: lines.join("\n      "), remedy };
  } catch (fault) {
    return { name: "pack", ok: false, says: describeFault(fault), remedy };
  }
}

async function database({ databaseUrl, dataFolder: folder }: Config): Promise<Finding> {
  const name = "database";
  try {
    const lock = databaseUrl.startsWith("pglite:") ? await lockFolder(folder) : null;
    if (lock !== null && !existsSync(join(databaseUrl.slice("pglite:".length), "PG_VERSION"))) {
      await lock.close();
      return { name, ok: true, says: "embedded, made at the first start" };
    }
    const opened = await openDatabase<Schema>(databaseUrl);
    const { rows } = await sql<{ version: string }>`select version() as version`.execute(opened.db);
    await opened.close();
    await lock?.close();
    return { name, ok: true, says: rows[0]?.version.split(" on ")[0] ?? "answers" };
  } catch (fault) {
    const remedy =
      "is a server running on this folder, and is TILLWATCH_DATABASE_URL reachable with this user and password?";
    return { name, ok: false, says: describeFault(fault), remedy };
  }
}

async function port({ http }: Config): Promise<Finding> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<Finding>();
  const says = `${http.host}:${http.port}`;
  const remedy = "is a server running already? Another port: TILLWATCH_HTTP=127.0.0.1:8090";
  server.once("error", (fault) =>
    resolve({ name: "HTTP", ok: false, says: `${says}: ${describeFault(fault)}`, remedy }),
  );
  server.listen(http.port, http.host, () =>
    server.close(() => resolve({ name: "HTTP", ok: true, says: `${says} is free` })),
  );
  return promise;
}

function web(): Finding {
  const ok = existsSync(join(builtWeb, "index.html"));
  return { name: "web", ok, says: ok ? "built" : "not built", remedy: "npm run build, or script/demo which does it" };
}
