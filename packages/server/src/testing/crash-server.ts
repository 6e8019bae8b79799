import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export type ServerSettings = {
  readonly dataFolder: string;
  readonly databaseUrl: string | null; // null: PGlite below the data folder
  readonly packFolder: string;
  readonly mqtt: boolean;
  readonly nodeArgs?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

export type ServerAddresses = { readonly url: string; readonly mqtt: string | null };

export const serverToken = "administrator-token-of-this-run-only";
const main = new URL("../main.ts", import.meta.url).pathname;
const startMsMax = 120_000;
const saidLinesMax = 200;

/** The server as a process of its own, as `tillwatch start` runs it, on free ports. Who starts it ends it. */
export class ServerProcess {
  readonly startedAtMs = performance.now();
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #said: string[] = [];
  readonly #errors: string[] = [];
  readonly #addresses: Promise<ServerAddresses>;

  constructor(settings: ServerSettings) {
    this.#child = spawn(process.execPath, [...(settings.nodeArgs ?? []), main, "start"], {
      env: environmentOf(settings),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#exited = this.#ended();
    this.#addresses = this.#greeted();
    this.#addresses.catch(() => {}); // nobody may be waiting for a server that is killed while it starts
    this.#listenToErrors();
  }

  async #ended(): Promise<void> {
    await once(this.#child, "exit");
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error("the server process was not made");
    return pid;
  }

  /** What it complained about: lines of level error, and whatever is no line of its log. */
  get errors(): readonly string[] {
    return this.#errors;
  }

  /** Once it serves. Throws with its last words where it ended instead, or did not begin within two minutes. */
  async ready(): Promise<ServerAddresses> {
    return this.#addresses;
  }

  async kill9(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  /** In order; answers its exit code, null where it had to be killed. */
  async stop(): Promise<number | null> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 30_000);
    this.#child.kill("SIGTERM");
    await this.#exited;
    clearTimeout(timer);
    return this.#child.exitCode;
  }

  async #greeted(): Promise<ServerAddresses> {
    const { stdout } = this.#child;
    if (stdout === null) throw new Error("the server's words are not piped");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), startMsMax);
    let url: string | undefined;
    let addresses: ServerAddresses | undefined;
    try {
      for await (const line of createInterface({ input: stdout })) {
        this.#remember(line);
        url ??= /Tillwatch \S+ at (http\S+)/.exec(line)?.[1];
        const mqtt = /^\s*MQTT\s+(\S+)/.exec(line)?.[1];
        if (url === undefined || mqtt === undefined) continue;
        addresses = { url, mqtt: mqtt === "off" ? null : mqtt };
        break;
      }
    } finally {
      clearTimeout(timer);
    }
    if (addresses === undefined) {
      await this.#exited;
      throw new Error(`the server did not start:\n${this.#said.join("\n")}`);
    }
    this.#child.stdout?.resume();
    return addresses;
  }

  #listenToErrors(): void {
    const { stderr } = this.#child;
    if (stderr === null) return;
    createInterface({ input: stderr }).on("line", (line) => {
      this.#remember(line);
      if (line.startsWith("{") && !line.includes('"level":"error"')) return;
      if (line !== "closing") this.#errors.push(line);
    });
  }

  #remember(line: string): void {
    this.#said.push(line);
    if (this.#said.length > saidLinesMax) this.#said.shift();
  }
}

function environmentOf({ dataFolder, databaseUrl, packFolder, mqtt, environment }: ServerSettings): NodeJS.ProcessEnv {
  const inherited = ["PATH", "HOME", "TMPDIR", "TZ", "LANG"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    // Many starts: stripped and compiled once.
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(tmpdir(), "tillwatch-compile-cache"),
    TILLWATCH_DATA: dataFolder,
    TILLWATCH_PACK: packFolder,
    TILLWATCH_HTTP: "127.0.0.1:0",
    TILLWATCH_MQTT: mqtt ? "embedded://127.0.0.1:0" : "off",
    TILLWATCH_ADMIN_TOKEN: serverToken,
    TILLWATCH_ADMIN_TOKEN_MAY: "everything", // who looks afterwards what came of it is the test itself
    ...(databaseUrl === null ? {} : { TILLWATCH_DATABASE_URL: databaseUrl }),
    ...environment,
  };
}
