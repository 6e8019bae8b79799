import type { X509Certificate } from "node:crypto";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket, type Server as TlsServer, type TlsOptions } from "node:tls";
import { Aedes, type Client, type PublishPacket } from "aedes";
import type { DeviceId, SiteId } from "@tillwatch/wire";
import { describeFault } from "../platform/log.ts";
import { FrameGuard } from "./mqtt-frames.ts";
import { takeMessage, type MqttDeps } from "./take-message-mqtt.ts";

type Listener = { readonly host: string; readonly port: number }; // port 0: any free one, see `address`

export type EmbeddedBrokerDeps = MqttDeps & {
  readonly plain: Listener | null;
  readonly tls: (Listener & { readonly options: TlsOptions }) | null;
  /** Who may come; `null` lets everybody (loopback, demo). */
  readonly admit: ((connect: Connect) => Promise<Admission>) | null;
  readonly connectionsMax?: number;
};

type Login = Pick<Connect, "username" | "password">;

/** What a client showed when it connected. */
export type Connect = {
  readonly username: string | null;
  readonly password: string | null;
  readonly isTls: boolean;
  readonly certificate: X509Certificate | null;
  readonly address: string;
  readonly close: () => void; // ends the connection, now or at any time later
};

export type Admission =
  | { readonly ok: false; readonly returnCode: 4 | 5 } // CONNACK, MQTT 3.1.1 section 3.2.2.3
  | {
      readonly ok: true;
      /** A device that proved itself may publish to its own topic alone; null: whoever it is may publish for others. */
      readonly device: { readonly site: SiteId; readonly device: DeviceId } | null;
      readonly maySend: () => Promise<boolean>; // asked before each message is stored; no ends the connection
      readonly foreign: (says: string) => void; // it tried otherwise, and was refused
      readonly gone: () => void;
    };

const connectionsMax = 2_000;

/**
 * A broker in the process (MQTT 3.1.1) that takes signals and gives nothing out: every subscription is refused. PUBACK leaves after the
 * commit: aedes sends it when `authorizePublish` has called back. Topics that are not ours are acknowledged and dropped, since camera
 * systems publish much besides.
 */
export class EmbeddedBroker {
  readonly #deps: EmbeddedBrokerDeps;
  readonly #aedes: Aedes;
  readonly #plain: Server | null;
  readonly #tls: TlsServer | null;
  readonly #admitted = new WeakMap<Client, Extract<Admission, { ok: true }>>();
  #closing = false;

  private constructor(deps: EmbeddedBrokerDeps) {
    this.#deps = deps;
    this.#plain = deps.plain === null ? null : createServer((socket) => this.#connected(socket));
    this.#tls = deps.tls === null ? null : createTlsServer(deps.tls.options, (socket) => this.#connected(socket));
    for (const server of [this.#plain, this.#tls]) {
      if (server !== null) server.maxConnections = deps.connectionsMax ?? connectionsMax;
    }
    this.#tls?.on("tlsClientError", (fault) => deps.log.info("mqtt handshake failed", { fault: describeFault(fault) }));
    this.#aedes = new Aedes({
      authenticate: (...[client, username, password, done]: Parameters<Aedes["authenticate"]>) =>
        void this.#connecting(
          client,
          { username: username ?? null, password: password?.toString("utf8") ?? null },
          done,
        ),
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
    try {
      if (broker.#plain !== null && deps.plain !== null) await listen(broker.#plain, deps.plain);
      if (broker.#tls !== null && deps.tls !== null) await listen(broker.#tls, deps.tls);
    } catch (fault) {
      await broker.close();
      throw fault;
    }
    return broker;
  }

  get address(): AddressInfo | null {
    return (this.#plain?.address() ?? null) as AddressInfo | null;
  }

  get tlsAddress(): AddressInfo | null {
    return (this.#tls?.address() ?? null) as AddressInfo | null;
  }

  /** New key and certificate for connections from now on. */
  renew(options: TlsOptions): void {
    this.#tls?.setSecureContext(options);
  }

  /** Stops listening and drops the connections: what is not acknowledged yet is sent again by its client. */
  async close(): Promise<void> {
    this.#closing = true;
    const closed = [this.#plain, this.#tls].map(
      (server) =>
        new Promise<void>((resolve) => (server?.listening === true ? server.close(() => resolve()) : resolve())),
    );
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
    await Promise.all(closed);
  }

  async #connecting(client: Client, login: Login, done: Parameters<Aedes["authenticate"]>[3]): Promise<void> {
    let refusal: NotAllowed | null;
    try {
      refusal = await this.#refusalOf(client, login);
    } catch (fault) {
      this.#deps.log.error("mqtt client not admitted", { fault: describeFault(fault) });
      refusal = new NotAllowed(serverUnavailable);
    }
    done(refusal, refusal === null);
  }

  async #refusalOf(client: Client, login: Login): Promise<NotAllowed | null> {
    const { admit } = this.#deps;
    if (admit === null) return null;
    const socket = client.conn as Socket;
    const admission = await admit({
      ...login,
      isTls: socket instanceof TLSSocket,
      certificate: socket instanceof TLSSocket ? (socket.getPeerX509Certificate() ?? null) : null,
      address: socket.remoteAddress ?? "unknown",
      close: () => socket.destroy(),
    });
    if (!admission.ok) return new NotAllowed(admission.returnCode);
    if (socket.destroyed) admission.gone();
    else socket.once("close", admission.gone);
    this.#admitted.set(client, admission);
    return null;
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
    const admitted = client === null ? undefined : this.#admitted.get(client);
    const device = admitted?.device ?? null;
    const { topic } = packet;
    if (device !== null && topic !== `tillwatch/${device.site}/${device.device}/signal`) {
      admitted?.foreign(`it published to ${topic.slice(0, 128)}`);
      // MQTT 3.1.1 has no other no than the end of the connection.
      done(new Error("not this device's topic"));
      return;
    }
    try {
      if (admitted !== undefined && !(await admitted.maySend())) {
        done(new Error("not permitted"));
        return;
      }
      const foreign = (says: string) => admitted?.foreign(says);
      const stored = await takeMessage(this.#deps, { topic, payload, proven: device !== null, foreign }, abandoned);
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

function listen(server: Server, { host, port }: Listener): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

const serverUnavailable = 3;

class NotAllowed extends Error {
  override readonly name = "NotAllowed";
  readonly returnCode: 3 | 4 | 5;

  constructor(returnCode: NotAllowed["returnCode"]) {
    super(returnCode === 4 ? "user name or password are not known" : "not admitted");
    this.returnCode = returnCode;
  }
}
