import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ok, parseSiteId, refused, type Result, type SiteId } from "@tillwatch/wire";
import { parse } from "yaml";

export type Env = Readonly<Record<string, string | undefined>>;

/** Everything that can be set, read once at start. Prints with secrets as "[secret]". */
export type Config = {
  readonly dataFolder: string;
  readonly http: { readonly host: string; readonly port: number };
  readonly mqtt: MqttConfig;
  readonly databaseUrl: string;
  readonly objectsUrl: string;
  readonly packFolder: string;
  readonly adminToken: Secret | null; // null: made at first start and kept in the data folder
  readonly exhibitBytesMax: number;
  readonly lateAfterMs: number;
  readonly allowPrivateWebhooks: boolean;
  readonly logOrigin: string | null; // null: made at first start
  readonly frigateSite: SiteId | null; // the site of whoever publishes frigate/events
};

export type MqttConfig =
  | { readonly kind: "off" }
  | { readonly kind: "embedded"; readonly host: string; readonly port: number; readonly login: MqttLogin | null }
  | { readonly kind: "outside"; readonly url: string; readonly login: MqttLogin | null };

export type MqttLogin = { readonly user: string; readonly password: Secret };

/** A value that never prints. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }
}

export type ConfigProblem = { readonly setting: string; readonly message: string };

export type Setting = {
  readonly name: string;
  readonly unit: string;
  readonly standard: string;
  readonly meaning: string;
};

/** Every setting with its unit and default; docs/operating.md is held to this list by a test. */
export const settings: readonly Setting[] = [
  {
    name: "TILLWATCH_CONFIG",
    unit: "file",
    standard: "none",
    meaning: "a YAML file with any of these settings; the environment wins",
  },
  {
    name: "TILLWATCH_DATA",
    unit: "folder",
    standard: "./data",
    meaning: "everything that is kept: database, objects, log, keys",
  },
  { name: "TILLWATCH_HTTP", unit: "host:port", standard: "127.0.0.1:8080", meaning: "where API and web listen" },
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
  {
    name: "TILLWATCH_DATABASE_URL",
    unit: "URL",
    standard: "pglite: under the data folder",
    meaning: "pglite:<folder> or postgres://...",
  },
  {
    name: "TILLWATCH_OBJECTS_URL",
    unit: "URL",
    standard: "file: under the data folder",
    meaning: "where exhibits and packets lie: file:<folder>",
  },
  {
    name: "TILLWATCH_PACK",
    unit: "folder",
    standard: "the shipped pack/retail",
    meaning: "rules, weights, taxonomy, directory, playbooks",
  },
  {
    name: "TILLWATCH_ADMIN_TOKEN",
    unit: "secret",
    standard: "made at first start",
    meaning: "bearer token of the administrator; or ..._FILE",
  },
  {
    name: "TILLWATCH_EXHIBIT_BYTES_MAX",
    unit: "bytes",
    standard: "10737418240",
    meaning: "largest exhibit that is taken (10 GiB)",
  },
  {
    name: "TILLWATCH_LATE_AFTER_SECONDS",
    unit: "seconds",
    standard: "120",
    meaning: "a signal older than this on arrival is marked late",
  },
  {
    name: "TILLWATCH_ALLOW_PRIVATE_WEBHOOKS",
    unit: "true|false",
    standard: "false",
    meaning: "webhooks may go to loopback and private addresses",
  },
  {
    name: "TILLWATCH_FRIGATE_SITE",
    unit: "site id",
    standard: "none",
    meaning: "the site whose Frigate publishes frigate/events",
  },
  {
    name: "TILLWATCH_LOG_ORIGIN",
    unit: "text",
    standard: "made at first start",
    meaning: "the audit log's origin line",
  },
];

type Reader = { readonly text: (name: string, standard: string) => string; readonly problems: ConfigProblem[] };

/** Reads the environment (and the file it names). Answers the whole list of what is wrong, never a half configuration. */
export function readConfig(env: Env, shippedPack: string): Result<Config, readonly ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  const all = { ...fileSettings(env, problems), ...definedOnly(env) };
  refuseUnknown(all, problems);
  const reader: Reader = { problems, text: (name, standard) => all[name]?.trim() || standard };
  const dataFolder = resolve(reader.text("TILLWATCH_DATA", "./data"));
  const config: Config = {
    dataFolder,
    http: readAddress(reader, "TILLWATCH_HTTP", reader.text("TILLWATCH_HTTP", "127.0.0.1:8080")),
    mqtt: readMqtt(reader, readSecret(reader, "TILLWATCH_MQTT_PASSWORD")),
    databaseUrl: readUrl(reader, "TILLWATCH_DATABASE_URL", {
      standard: `pglite:${join(dataFolder, "database")}`,
      schemes: ["pglite", "postgres", "postgresql"],
    }),
    objectsUrl: readUrl(reader, "TILLWATCH_OBJECTS_URL", {
      standard: `file:${join(dataFolder, "objects")}`,
      schemes: ["file"],
    }),
    packFolder: resolve(reader.text("TILLWATCH_PACK", shippedPack)),
    adminToken: readSecret(reader, "TILLWATCH_ADMIN_TOKEN"),
    exhibitBytesMax: readInt(reader, "TILLWATCH_EXHIBIT_BYTES_MAX", { standard: 10 * 1024 ** 3, min: 1, max: 2 ** 44 }),
    // 2 minutes: twice the drift from which a clock is called wrong, so that a skewed device is not called late.
    lateAfterMs: 1000 * readInt(reader, "TILLWATCH_LATE_AFTER_SECONDS", { standard: 120, min: 1, max: 86_400 }),
    allowPrivateWebhooks: readFlag(reader, "TILLWATCH_ALLOW_PRIVATE_WEBHOOKS"),
    logOrigin: reader.text("TILLWATCH_LOG_ORIGIN", "") || null,
    frigateSite: readSite(reader),
  };
  return problems.length === 0 ? ok(Object.freeze(config)) : refused(problems);
}

function fileSettings(env: Env, problems: ConfigProblem[]): Record<string, string> {
  const file = env["TILLWATCH_CONFIG"];
  if (file === undefined || file === "") return {};
  try {
    const content: unknown = parse(readFileSync(file, "utf8"));
    return Object.fromEntries(Object.entries(content ?? {}).map(([name, value]) => [name, String(value)]));
  } catch (fault) {
    problems.push({
      setting: "TILLWATCH_CONFIG",
      message: `${file} cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`,
    });
    return {};
  }
}

function definedOnly(env: Env): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

// Names that scripts and tests use; they configure no server.
const foreign = new Set(["TILLWATCH_REQUIRE_ALL", "TILLWATCH_VECTORS", "TILLWATCH_TEST_POSTGRES_URL"]);

/** A mistyped setting would silently leave its default in force. */
function refuseUnknown(all: Record<string, string>, problems: ConfigProblem[]): void {
  const known = new Set(settings.flatMap(({ name, unit }) => (unit === "secret" ? [name, `${name}_FILE`] : [name])));
  for (const name of Object.keys(all)) {
    if (!name.startsWith("TILLWATCH_") || known.has(name) || foreign.has(name)) continue;
    problems.push({ setting: name, message: "is not a setting; see docs/operating.md" });
  }
}

function readSecret(reader: Reader, name: string): Secret | null {
  const file = reader.text(`${name}_FILE`, "");
  if (file === "") {
    const text = reader.text(name, "");
    return text === "" ? null : new Secret(text);
  }
  try {
    return new Secret(readFileSync(file, "utf8").trim());
  } catch {
    reader.problems.push({ setting: `${name}_FILE`, message: `${file} cannot be read` });
    return null;
  }
}

function readAddress(reader: Reader, setting: string, text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:\s]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    reader.problems.push({ setting, message: `${text} is not host:port, like 127.0.0.1:8080` });
    return { host: "127.0.0.1", port: 0 };
  }
  return { host: match[1] ?? match[2] ?? "", port };
}

function readMqtt(reader: Reader, password: Secret | null): MqttConfig {
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
    url: readUrl(reader, "TILLWATCH_MQTT", { standard: text, schemes: ["mqtt", "mqtts"] }),
    login,
  };
}

function readUrl(reader: Reader, setting: string, rules: { standard: string; schemes: readonly string[] }): string {
  const text = reader.text(setting, rules.standard);
  const scheme = /^([a-z0-9+]+):/.exec(text)?.[1] ?? "";
  if (!rules.schemes.includes(scheme)) {
    reader.problems.push({
      setting,
      message: `must begin with ${rules.schemes.map((name) => `${name}:`).join(" or ")}`,
    });
  }
  return text;
}

function readInt(reader: Reader, setting: string, rules: { standard: number; min: number; max: number }): number {
  const text = reader.text(setting, String(rules.standard));
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < rules.min || value > rules.max) {
    reader.problems.push({ setting, message: `${text} is not a whole number from ${rules.min} to ${rules.max}` });
  }
  return value;
}

function readSite(reader: Reader): SiteId | null {
  const text = reader.text("TILLWATCH_FRIGATE_SITE", "");
  if (text === "") return null;
  const site = parseSiteId(text);
  if (site.ok) return site.value;
  reader.problems.push({ setting: "TILLWATCH_FRIGATE_SITE", message: `${text} is not a site id` });
  return null;
}

function readFlag(reader: Reader, setting: string): boolean {
  const text = reader.text(setting, "false");
  if (text !== "true" && text !== "false") reader.problems.push({ setting, message: "must be true or false" });
  return text === "true";
}
