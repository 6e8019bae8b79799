import { readAddress, readUrl, type Reader, type Secret, type Setting } from "./reader.ts";

export type MqttConfig =
  | { readonly kind: "off" }
  | { readonly kind: "embedded"; readonly host: string; readonly port: number; readonly login: MqttLogin | null }
  | { readonly kind: "outside"; readonly url: string; readonly login: MqttLogin | null };

export type MqttLogin = { readonly user: string; readonly password: Secret };

export const mqttSettings: readonly Setting[] = [
  {
    name: "TILLWATCH_MQTT",
    unit: "URL",
    standard: "embedded://127.0.0.1:1883",
    meaning: "embedded broker, mqtt(s)://host of an outside one, or off",
  },
  {
    name: "TILLWATCH_MQTT_USER",
    unit: "text",
    standard: "none",
    meaning: "user that devices (embedded) or we (outside) sign in with",
  },
  {
    name: "TILLWATCH_MQTT_PASSWORD",
    unit: "secret",
    standard: "none",
    meaning: "its password; or ..._FILE, a file that holds it",
  },
];

export function readMqtt(reader: Reader, password: Secret | null): MqttConfig {
  const text = reader.text("TILLWATCH_MQTT", "embedded://127.0.0.1:1883");
  const user = reader.text("TILLWATCH_MQTT_USER", "");
  if ((user === "") !== (password === null)) {
    reader.problems.push({
      setting: "TILLWATCH_MQTT_USER",
      message: "user and password go together: set both or neither",
    });
  }
  const login = user === "" || password === null ? null : { user, password };
  if (text === "off") return { kind: "off" };
  if (text.startsWith("embedded://")) {
    return { kind: "embedded", ...readAddress(reader, "TILLWATCH_MQTT", text.slice("embedded://".length)), login };
  }
  return {
    kind: "outside",
    url: readUrl(reader, "TILLWATCH_MQTT", {
      standard: text,
      schemes: ["embedded", "mqtt", "mqtts"],
      or: ", or be off",
    }),
    login,
  };
}
