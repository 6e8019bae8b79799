import type { TlsOptions } from "node:tls";
import type { Access } from "../access/ask.ts";
import type { MqttConfig } from "../config/mqtt.ts";
import type { DeviceConfig } from "../config/devices.ts";
import { mqttAdmission, type AdmitRules } from "../device/admit-mqtt.ts";
import type { DeviceGate } from "../device/device-gate.ts";
import { principalOf } from "../device/identify-http.ts";
import { EmbeddedBroker, OutsideBroker } from "../signal/signal-mqtt.ts";

type MqttDeps = Omit<Parameters<typeof EmbeddedBroker.open>[0], "plain" | "tls" | "admit">;

/** Whether the broker that others run answers now. */
export type OutsideState = Pick<OutsideBroker, "connected" | "protocolVersion">;

/** `shown` is for people; it never holds a password. `renew`: another key and certificate for the TLS listener. */
export type Mqtt = {
  readonly outside: OutsideState | null;
  readonly shown: string;
  readonly renew: (tls: TlsOptions) => void;
  readonly close: () => Promise<void>;
};

type Given = MqttDeps & {
  readonly clientId: string;
  readonly gate: DeviceGate;
  readonly devices: DeviceConfig;
  readonly maySignal: AdmitRules["maySignal"];
  readonly tls: TlsOptions | null; // of the listener that TILLWATCH_MQTTS names
};

/** Opens the ways in over MQTT that the configuration names: the embedded broker, plain and over TLS, and the client of an outside one. */
export async function openMqtt(config: MqttConfig, given: Given): Promise<Mqtt | null> {
  const { clientId, gate, devices, maySignal, tls, ...deps } = given;
  const login = config.kind === "embedded" && config.login !== null ? config.login : null;
  const plain = config.kind === "embedded" ? { host: config.host, port: config.port } : null;
  const secure = devices.mqtts === null || tls === null ? null : { ...devices.mqtts, options: tls };
  const admit = mqttAdmission(gate, {
    mode: devices.mode,
    maySignal,
    login: login === null ? null : { user: login.user, password: login.password.reveal() },
  });
  const broker =
    plain === null && secure === null ? null : await EmbeddedBroker.open({ ...deps, plain, tls: secure, admit });
  const outside = config.kind === "outside" ? openOutside(config, { ...deps, clientId }) : null;
  if (broker === null && outside === null) return null;
  const shown = [
    ...(plain === null ? [] : [`mqtt://${shownHost(plain.host)}:${broker?.address?.port} (embedded)`]),
    ...(secure === null ? [] : [`mqtts://${shownHost(secure.host)}:${broker?.tlsAddress?.port} (embedded)`]),
    ...(config.kind === "outside" ? [config.url] : []),
  ];
  return {
    outside,
    shown: shown.join(", "),
    renew: (options) => broker?.renew(options),
    close: async () => {
      await Promise.all([broker?.close(), outside?.close()]);
    },
  };
}

/** The same question as for `POST /api/v1/signals`, at every message: a connection may last longer than the device's organisation. */
export function maySignalBy(
  access: Access,
  { hasEnded }: { readonly hasEnded: (organisationId: string) => boolean },
): AdmitRules["maySignal"] {
  return async (device) => {
    if (hasEnded(device.organisationId)) return false;
    const scope = await access.scope(principalOf(device), "signal:write");
    return scope?.sites.includes(device.siteId) === true;
  };
}

function openOutside(
  { url, login }: Extract<MqttConfig, { kind: "outside" }>,
  deps: MqttDeps & { readonly clientId: string },
) {
  const named = login === null ? {} : { username: login.user, password: login.password.reveal() };
  return OutsideBroker.open({ ...deps, url, ...named });
}

function shownHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
