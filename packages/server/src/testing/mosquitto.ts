import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];

function found(program: string): string | undefined {
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

/** Why a test that needs the program is skipped, or false. With TILLWATCH_REQUIRE_ALL=1 it runs, and fails. */
export function skipWithout(program: "mosquitto" | "mosquitto_pub"): string | false {
  if (process.env["TILLWATCH_REQUIRE_ALL"] === "1" || found(program) !== undefined) return false;
  return `skipped: ${program} not found`;
}

/** Publishes one message with QoS 1; resolves when the broker has acknowledged, rejects where it has not within ten seconds. */
export async function mosquittoPub(port: number, topic: string, payload: string): Promise<void> {
  const program = found("mosquitto_pub");
  if (program === undefined) throw new Error("mosquitto_pub not found");
  const target = ["-h", "127.0.0.1", "-p", String(port), "-t", topic, "-q", "1", "-s"];
  const running = spawn(program, target, { timeout: 10_000, stdio: ["pipe", "ignore", "ignore"] });
  running.stdin.end(payload);
  const [code] = (await once(running, "exit")) as [number | null];
  if (code !== 0) throw new Error(`mosquitto_pub ended with ${code}`);
}

/** A real Mosquitto on a free loopback port, with persistence, so that it can be stopped and started again. */
export class Mosquitto {
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess | null = null;

  private constructor(port: number) {
    this.port = port;
    this.#folder = mkdtempSync(join(tmpdir(), "tillwatch-mosquitto-"));
  }

  static async start(): Promise<Mosquitto> {
    const broker = new Mosquitto(await freePort());
    const config = [
      `listener ${broker.port} 127.0.0.1`,
      "allow_anonymous true",
      "persistence true",
      `persistence_location ${broker.#folder}/`,
      "max_inflight_messages 0",
      "max_queued_messages 0",
      ...(process.getuid?.() === 0 ? ["user root"] : []),
    ];
    writeFileSync(join(broker.#folder, "mosquitto.conf"), `${config.join("\n")}\n`);
    await broker.again();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async again(): Promise<void> {
    const program = found("mosquitto");
    if (program === undefined) throw new Error("mosquitto not found");
    this.#process = spawn(program, ["-c", join(this.#folder, "mosquitto.conf")], { stdio: "ignore" });
    await listening(this.port);
  }

  /** Ends the process; a broker that is stopped writes its sessions to disk first. */
  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = null;
    if (running === null || running.exitCode !== null) return;
    running.kill("SIGTERM");
    await once(running, "exit");
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const reached = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (reached) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nothing listens on port ${port}`);
}
