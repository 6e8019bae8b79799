import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import { describeFault } from "../platform/log.ts";
import { holdPubacks } from "./held-puback-mqtt.ts";
import { signalTopics } from "./mqtt-topic.ts";
import { takeMessage, type MqttDeps } from "./take-message-mqtt.ts";

export type OutsideBrokerDeps = MqttDeps & {
  readonly url: string; // mqtt://host:1883 or mqtts://host:8883
  readonly clientId: string; // stable: the broker keeps our session under it
  readonly username?: string;
  readonly password?: string;
  readonly firstReconnectMs?: number;
  readonly reconnectMsMax?: number;
};

// So long the broker keeps what we have not acknowledged while we are away.
const sessionSeconds = 7 * 24 * 3600;
// Unacknowledged messages that the broker may have under way with us: a commit's worth, and our memory's bound.
const receiveMaximum = 500;

/**
 * Takes signals from a broker that others run: MQTT 5, or 3.1.1 where the broker refuses 5. QoS 1 with a session that outlives the
 * connection; a message is acknowledged after its commit, so what was not stored comes again. Reconnects with back-off for ever.
 */
export class OutsideBroker {
  readonly #deps: OutsideBrokerDeps;
  #client: MqttClient | null = null;
  #version: 4 | 5 = 5;
  #waitMs: number;
  #timer: NodeJS.Timeout | null = null;
  #closing = false;
  #connection = 0; // rises with every connection: an acknowledgement belongs to one

  private constructor(deps: OutsideBrokerDeps) {
    this.#deps = deps;
    this.#waitMs = deps.firstReconnectMs ?? 500;
  }

  /** Starts connecting and returns at once: a broker that is away for now must not stop the start. */
  static open(deps: OutsideBrokerDeps): OutsideBroker {
    const broker = new OutsideBroker(deps);
    broker.#connect();
    return broker;
  }

  get connected(): boolean {
    return this.#client?.connected === true;
  }

  /** The protocol level in use: 5, or 4 (which is 3.1.1). */
  get protocolVersion(): 4 | 5 {
    return this.#version;
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#client?.endAsync(true);
  }

  #connect(): void {
    const { url, clientId, username, password } = this.#deps;
    const options: IClientOptions = {
      clientId,
      protocolVersion: this.#version,
      clean: false,
      resubscribe: false, // done at every connect, below
      reconnectPeriod: 0, // by #reconnectLater, with back-off
      keepalive: 30,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(this.#version === 5 ? { properties: { sessionExpiryInterval: sessionSeconds, receiveMaximum } } : {}),
      customHandleAcks: (...[topic, message, packet, done]: Parameters<AckHandler>) => {
        this.#take(topic, message, packet as IPublishPacket);
        done(0);
      },
    };
    const client = mqtt.connect(url, options);
    this.#client = client;
    this.#acknowledge = holdPubacks(client);
    client.on("connect", () => this.#connected(client));
    client.on("message", (topic, message, packet) => {
      // QoS 1 came through customHandleAcks already.
      if (packet.qos === 0) this.#take(topic, message, packet);
    });
    client.on("error", (fault) => this.#failed(fault));
    client.on("close", () => this.#reconnectLater());
  }

  #acknowledge: (messageId: number) => void = () => {};

  #connected(client: MqttClient): void {
    this.#connection++;
    this.#deps.log.info("mqtt connected", { protocol: this.#version });
    client.subscribe([...signalTopics], { qos: 1 }, (fault) => {
      if (fault === null || fault === undefined) this.#waitMs = this.#deps.firstReconnectMs ?? 500;
      else if (!this.#closing) this.#deps.log.error("mqtt subscription refused", { fault: describeFault(fault) });
    });
  }

  #take(topic: string, payload: Uint8Array, packet: IPublishPacket): void {
    const connection = this.#connection;
    const gone = () => this.#closing || connection !== this.#connection || !this.connected;
    const { messageId } = packet;
    const stored = takeMessage(this.#deps, { topic, payload }, () => gone() && packet.qos !== 0);
    const acknowledged = stored.then((isStored) => {
      // On a later connection this number may be another message's: then the broker sends this one again.
      if (isStored && messageId !== undefined && packet.qos === 1 && !gone()) this.#acknowledge(messageId);
      return isStored;
    });
    acknowledged.catch((fault: unknown) => {
      this.#deps.log.error("mqtt message not stored", { fault: describeFault(fault) });
    });
  }

  #failed(fault: Error): void {
    if (this.#closing) return;
    const code = "code" in fault ? fault.code : null;
    this.#deps.log.warn("mqtt broker", { fault: describeFault(fault) });
    if (this.#version === 5 && (code === unacceptableVersion3 || code === unsupportedVersion5)) this.#version = 4;
  }

  #reconnectLater(): void {
    this.#connection++;
    if (this.#closing || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const old = this.#client;
      if (old !== null && old.options.protocolVersion === this.#version) old.reconnect();
      else {
        old?.removeAllListeners("close");
        old?.end(true);
        this.#connect();
      }
    }, this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, this.#deps.reconnectMsMax ?? 30_000);
  }
}

type AckHandler = NonNullable<IClientOptions["customHandleAcks"]>;

// CONNACK: "unacceptable protocol version" of MQTT 3.1.1, "unsupported protocol version" of MQTT 5.
const unacceptableVersion3 = 1;
const unsupportedVersion5 = 0x84;
