import { readAddress, readInt, type Reader, type Setting } from "./reader.ts";
import type { MqttConfig } from "./mqtt.ts";
import type { DevicesMode } from "../device/admit-mqtt.ts";

type Address = { readonly host: string; readonly port: number };

/** The listeners over TLS, and what devices must show. */
export type DeviceConfig = {
  readonly https: Address | null;
  readonly mqtts: Address | null;
  readonly tlsFiles: { readonly certPath: string; readonly keyPath: string } | null; // null: issued by our own authority
  readonly tlsNames: readonly string[]; // of a certificate of our own authority
  readonly mode: DevicesMode;
  readonly lifetimeMs: number; // of certificates and keys
};

export const deviceSettings: readonly Setting[] = [
  {
    name: "TILLWATCH_HTTPS",
    unit: "host:port",
    standard: "none",
    meaning: "API and web over TLS; devices may show certificates",
  },
  {
    name: "TILLWATCH_MQTTS",
    unit: "host:port",
    standard: "none",
    meaning: "the embedded broker over TLS, for devices that prove themselves",
  },
  {
    name: "TILLWATCH_TLS_CERT",
    unit: "file",
    standard: "none",
    meaning: "certificate chain of both, PEM; none: issued by our own authority",
  },
  { name: "TILLWATCH_TLS_KEY", unit: "file", standard: "none", meaning: "its private key, PEM" },
  {
    name: "TILLWATCH_TLS_NAMES",
    unit: "names",
    standard: "localhost,127.0.0.1,::1",
    meaning: "names of the own-issued certificate, by comma",
  },
  {
    name: "TILLWATCH_DEVICES",
    unit: "open|known|required",
    standard: "open",
    meaning: "who may publish to the embedded broker: anybody on loopback, the login too, proven devices only",
  },
  {
    name: "TILLWATCH_DEVICE_DAYS",
    unit: "days",
    standard: "90",
    meaning: "how long a device's certificate or key is good",
  },
];

const dayMs = 24 * 3600_000;
const namesMax = 50;

export function readDevices(reader: Reader, mqtt: MqttConfig): DeviceConfig {
  const config: DeviceConfig = {
    https: addressOf(reader, "TILLWATCH_HTTPS"),
    mqtts: addressOf(reader, "TILLWATCH_MQTTS"),
    tlsFiles: filesOf(reader),
    tlsNames: namesOf(reader),
    mode: modeOf(reader),
    lifetimeMs: dayMs * readInt(reader, "TILLWATCH_DEVICE_DAYS", { standard: 90, min: 1, max: 3_650 }),
  };
  holdTogether(reader, config.mode, mqtt);
  return config;
}

function addressOf(reader: Reader, setting: string): Address | null {
  const given = reader.text(setting, "");
  return given === "" ? null : readAddress(reader, setting, given);
}

function filesOf({ text, problems }: Reader): DeviceConfig["tlsFiles"] {
  const [certPath, keyPath] = [text("TILLWATCH_TLS_CERT", ""), text("TILLWATCH_TLS_KEY", "")];
  if ((certPath === "") !== (keyPath === "")) {
    problems.push({ setting: "TILLWATCH_TLS_KEY", message: "certificate and key go together: set both or neither" });
  }
  return certPath === "" || keyPath === "" ? null : { certPath, keyPath };
}

function namesOf({ text, problems }: Reader): readonly string[] {
  const names = text("TILLWATCH_TLS_NAMES", "localhost,127.0.0.1,::1")
    .split(",")
    .map((name) => name.trim());
  if (names.length > namesMax || names.some((name) => !/^[A-Za-z0-9.:*-]{1,253}$/.test(name))) {
    problems.push({ setting: "TILLWATCH_TLS_NAMES", message: "must be host names and addresses, by comma" });
  }
  return names;
}

function modeOf({ text, problems }: Reader): DevicesMode {
  const mode = text("TILLWATCH_DEVICES", "open");
  if (mode === "open" || mode === "known" || mode === "required") return mode;
  problems.push({ setting: "TILLWATCH_DEVICES", message: "must be open, known or required" });
  return "required";
}

function holdTogether({ problems }: Reader, mode: DevicesMode, mqtt: MqttConfig): void {
  const setting = "TILLWATCH_DEVICES";
  if (mode === "open" && mqtt.kind === "embedded" && mqtt.login === null && !isLoopback(mqtt.host)) {
    problems.push({
      setting,
      message: `open would let the whole network publish to ${mqtt.host}: set known and a login, or required and TILLWATCH_MQTTS`,
    });
  }
  if (mode === "required" && mqtt.kind === "outside") {
    problems.push({
      setting,
      message: "an outside broker vouches for its devices, so required cannot hold there: set known",
    });
  }
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
