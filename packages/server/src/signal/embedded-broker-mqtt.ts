import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Aedes, type Client, type PublishPacket } from "aedes";
import { describeFault } from "../platform/log.ts";
import { FrameGuard } from "./mqtt-frames.ts";
import { takeMessage, type MqttDeps } from "./take-message-mqtt.ts";

export type EmbeddedBrokerDeps = MqttDeps & {
  readonly host: string;
  readonly port: number; // 0: any free one, see `address`
  /** Whether this user name and password may publish; `null` lets everybody (loopback, demo). */
  readonly mayPublish: ((username: string | undefined, password: string | undefined) => boolean) | null;
  readonly connectionsMax?: number;
};

const connectionsMax = 2_000;
const badUserNameOrPassword = 4; // CONNACK return code, MQTT 3.1.1 section 3.2.2.3

/**
 * A broker in the process (MQTT 3.1.1) that takes signals and gives nothing out: every subscription is refused. PUBACK leaves after the
 * commit: aedes sends it when `authorizePublish` has called back. Topics that are not ours are acknowledged and dropped, since camera
 * systems publish much besides.
 */
export class EmbeddedBroker {
  readonly #deps: EmbeddedBrokerDeps;
  readonly #aedes: Aedes;
  readonly #server: Server;
  #closing = false;

  private constructor(deps: EmbeddedBrokerDeps) {
    this.#deps = deps;
    this.#server = createServer((socket) => this.#connected(socket));
    this.#server.maxConnections = deps.connectionsMax ?? connectionsMax;
    this.#aedes = new Aedes({
      authenticate: (...[_client, username, password, done]: Parameters<Aedes["authenticate"]>) => {
        const may = deps.mayPublish === null || deps.mayPublish(username, password?.toString("utf8"));
        done(may ? null : new NotAllowed("user name or password are not known"), may);
      },
      authorizePublish: (client, packet, done) => void this.#published(client, packet, done),
      authorizeSubscribe: (_client, _subscription, done) => done(null, null),
    });
    this.#aedes.on("clientError", (client, fault) => this.#noteClientFault(client, fault));
    this.#aedes.on("connectionError", (client, fault) => this.#noteClientFault(client, fault));
  }

  /** Listens. Rejects with what the system says when the address is taken. */
  static async open(deps: EmbeddedBrokerDeps): Promise<EmbeddedBroker> {
    const broker = new EmbeddedBroker(deps);
    await broker.#aedes.listen();
    await broker.#listen();
    return broker;
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  /** Stops listening and drops the connections: what is not acknowledged yet is sent again by its client. */
  async close(): Promise<void> {
    this.#closing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
    await closed;
  }

  #listen(): Promise<void> {
    const { host, port } = this.#deps;
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
  }

  #connected(socket: Socket): void {
    const guard = new FrameGuard();
    const read = socket.read.bind(socket);
    // aedes pulls from the socket with read(): the one place to look at the bytes before its parser buffers them.
    socket.read = (size?: number) => {
      const chunk: unknown = read(size);
      if (!(chunk instanceof Uint8Array) || guard.accept(chunk)) return chunk;
      this.#deps.log.warn("mqtt connection cut: a packet is too large", { from: socket.remoteAddress ?? "unknown" });
      socket.destroy();
      return null;
    };
    this.#aedes.handle(socket);
  }

  /** Calls back after the commit; with a fault, aedes drops the connection without a PUBACK. */
  async #published(client: Client | null, packet: PublishPacket, done: (fault?: Error) => void): Promise<void> {
    // Nothing is given out, so nothing is kept to be given out.
    packet.retain = false;
    const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
    const abandoned = () => this.#closing || client?.closed === true;
    try {
      const stored = await takeMessage(this.#deps, { topic: packet.topic, payload }, abandoned);
      if (stored) done();
      else done(new Error("not stored, not acknowledged"));
    } catch (fault) {
      this.#deps.log.error("mqtt message not stored", { fault: describeFault(fault) });
      done(new Error("not stored, not acknowledged"));
    }
  }

  #noteClientFault(client: Client, fault: Error): void {
    if (this.#closing) return;
    this.#deps.log.info("mqtt client", { client: (client.id ?? "").slice(0, 64), fault: describeFault(fault) });
  }
}

class NotAllowed extends Error {
  override readonly name = "NotAllowed";
  readonly returnCode = badUserNameOrPassword;
}
