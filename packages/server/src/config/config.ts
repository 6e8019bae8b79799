import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ok, parseSiteId, refused, type Result, type SiteId } from "@tillwatch/wire";
import { parse } from "yaml";
import { mqttSettings, readMqtt, type MqttConfig } from "./mqtt.ts";
import { deviceSettings, readDevices, type DeviceConfig } from "./devices.ts";
import {
  readAddress,
  readAddresses,
  readFlag,
  readInt,
  readSecret,
  readUrl,
  type ConfigProblem,
  type Reader,
  type Secret,
  type Setting,
} from "./reader.ts";
import { federationSettings, readFederation, type FederationConfig } from "./federation.ts";

export type { ConfigProblem } from "./reader.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** Everything that can be set, read once at start. Prints with secrets as "[secret]". */
export type Config = {
  readonly dataFolder: string;
  readonly keysFolder: string;
  readonly keysPassphrase: Secret | null; // null: keys lie in the clear
  readonly keysPassphraseNext: Secret | null; // for `keys passphrase`
  readonly http: { readonly host: string; readonly port: number };
  readonly mqtt: MqttConfig;
  readonly devices: DeviceConfig;
  readonly databaseUrl: string;
  readonly objectsUrl: string;
  readonly packFolder: string;
  readonly adminToken: Secret | null; // null: made at first start and kept in the data folder
  readonly adminTokenMay: "everything" | "setup";
  readonly groundHours: number; // how long a stated purpose holds
  readonly ruleBar: { readonly share: number; readonly verdictsMin: number }; // for a rule that pages to run without a second signature
  readonly exhibitBytesMax: number;
  readonly ffmpeg: string; // the program that makes copies of clips
  readonly lateAfterMs: number;
  readonly allowPrivateWebhooks: boolean;
  readonly logOrigin: string | null; // null: made at first start
  readonly anchor: string | null; // file:<folder> or http(s)://..., where the log's checkpoints go too
  readonly changeReason: string | null; // why something was changed before this start
  readonly frigateSite: SiteId | null; // the site of whoever publishes frigate/events
  readonly requestRates: { readonly perAddress: number; readonly perIdentity: number }; // a minute; 0: no limit
  readonly trustedProxies: readonly string[]; // addresses or CIDR blocks
  readonly publicUrl: string | null; // null: where it listens, loopback called localhost
  readonly sessions: { readonly idleMs: number; readonly lifeMs: number };
  readonly federation: FederationConfig;
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
  {
    name: "TILLWATCH_KEYS",
    unit: "folder",
    standard: "keys in the data folder",
    meaning: "the keys, if they lie on another disk than the data",
  },
  {
    name: "TILLWATCH_KEYS_PASSPHRASE",
    unit: "secret",
    standard: "none: in the clear",
    meaning: "opens the locked keys; or ..._FILE, a file that is not on the same disk",
  },
  {
    name: "TILLWATCH_KEYS_PASSPHRASE_NEXT",
    unit: "secret",
    standard: "none",
    meaning: "what `tillwatch keys passphrase` puts in its place",
  },
  { name: "TILLWATCH_HTTP", unit: "host:port", standard: "127.0.0.1:8080", meaning: "where API and web listen" },
  ...mqttSettings,
  ...deviceSettings,
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
    name: "TILLWATCH_FFMPEG",
    unit: "program",
    standard: "ffmpeg",
    meaning: "makes copies of clips, with ffprobe beside it; 5 or later; where it is not found, clips stay sealed",
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
  {
    name: "TILLWATCH_ANCHOR",
    unit: "file: or URL",
    standard: "none",
    meaning: "a second place for the log's checkpoints: file:<folder>, or a URL that takes PUT and GET",
  },
  {
    name: "TILLWATCH_CHANGE_REASON",
    unit: "text",
    standard: "the pack's CHANGES",
    meaning: "why settings or pack were changed before this start; it goes into the record",
  },
  {
    name: "TILLWATCH_ADMIN_TOKEN_MAY",
    unit: "everything, setup",
    standard: "setup",
    meaning: "what the installation's own token may do; setup: administer, send signals, and see no case",
  },
  {
    name: "TILLWATCH_GROUND_HOURS",
    unit: "hours",
    standard: "8",
    meaning: "how long a purpose that was stated for a case holds",
  },
  {
    name: "TILLWATCH_RULE_PRECISION",
    unit: "%",
    standard: "80",
    meaning: "share of true verdicts from which a watching rule that pages may run without a second signature",
  },
  {
    name: "TILLWATCH_RULE_VERDICTS",
    unit: "cases",
    standard: "20",
    meaning: "cases with a verdict that this share must be made of",
  },
  {
    name: "TILLWATCH_RATE_PER_ADDRESS",
    unit: "1/min",
    standard: "1200",
    meaning: "requests without a valid identity that an address may make; 0: no limit",
  },
  {
    name: "TILLWATCH_RATE_PER_IDENTITY",
    unit: "1/min",
    standard: "3000",
    meaning: "requests that a person or service may make; 0: no limit",
  },
  {
    name: "TILLWATCH_TRUSTED_PROXIES",
    unit: "addresses",
    standard: "none",
    meaning: "reverse proxies whose X-Forwarded-For and -Proto are believed, with commas",
  },
  {
    name: "TILLWATCH_PUBLIC_URL",
    unit: "URL",
    standard: "as TILLWATCH_HTTP, by name",
    meaning: "where browsers find it; passkeys need https and a name, or localhost",
  },
  ...federationSettings,
  {
    name: "TILLWATCH_SESSION_IDLE_MINUTES",
    unit: "minutes",
    standard: "60",
    meaning: "a session in which nobody does anything for so long ends",
  },
  {
    name: "TILLWATCH_SESSION_HOURS",
    unit: "hours",
    standard: "12",
    meaning: "a session ends after so long in any case",
  },
];

/** Reads the environment (and the file it names). Answers the whole list of what is wrong, never a half configuration. */
export function readConfig(env: Env, shippedPack: string): Result<Config, readonly ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  const all = { ...fileSettings(env, problems), ...definedOnly(env) };
  refuseUnknown(all, problems);
  const reader: Reader = { problems, text: (name, standard) => all[name]?.trim() || standard };
  const dataFolder = resolve(reader.text("TILLWATCH_DATA", "./data"));
  const keysFolder = resolve(reader.text("TILLWATCH_KEYS", join(dataFolder, "keys")));
  const mqtt = readMqtt(reader, readSecret(reader, "TILLWATCH_MQTT_PASSWORD"));
  const config: Config = {
    dataFolder,
    keysFolder,
    keysPassphrase: readSecret(reader, "TILLWATCH_KEYS_PASSPHRASE"),
    keysPassphraseNext: readSecret(reader, "TILLWATCH_KEYS_PASSPHRASE_NEXT"),
    http: readAddress(reader, "TILLWATCH_HTTP", reader.text("TILLWATCH_HTTP", "127.0.0.1:8080")),
    mqtt,
    devices: readDevices(reader, mqtt),
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
    adminTokenMay: readMay(reader),
    groundHours: readInt(reader, "TILLWATCH_GROUND_HOURS", { standard: 8, min: 1, max: 72 }),
    ruleBar: {
      share: readInt(reader, "TILLWATCH_RULE_PRECISION", { standard: 80, min: 0, max: 100 }) / 100,
      // 20: below, one verdict more or less moves the share by over five points.
      verdictsMin: readInt(reader, "TILLWATCH_RULE_VERDICTS", { standard: 20, min: 1, max: 100_000 }),
    },
    exhibitBytesMax: readInt(reader, "TILLWATCH_EXHIBIT_BYTES_MAX", { standard: 10 * 1024 ** 3, min: 1, max: 2 ** 44 }),
    ffmpeg: reader.text("TILLWATCH_FFMPEG", "ffmpeg"),
    // 2 minutes: twice the drift from which a clock is called wrong, so that a skewed device is not called late.
    lateAfterMs: 1000 * readInt(reader, "TILLWATCH_LATE_AFTER_SECONDS", { standard: 120, min: 1, max: 86_400 }),
    allowPrivateWebhooks: readFlag(reader, "TILLWATCH_ALLOW_PRIVATE_WEBHOOKS"),
    logOrigin: reader.text("TILLWATCH_LOG_ORIGIN", "") || null,
    anchor: readAnchor(reader),
    changeReason: reader.text("TILLWATCH_CHANGE_REASON", "").slice(0, 500) || null,
    frigateSite: readSite(reader),
    requestRates: {
      perAddress: readInt(reader, "TILLWATCH_RATE_PER_ADDRESS", { standard: 1_200, min: 0, max: 1e9 }),
      perIdentity: readInt(reader, "TILLWATCH_RATE_PER_IDENTITY", { standard: 3_000, min: 0, max: 1e9 }),
    },
    trustedProxies: readAddresses(reader, "TILLWATCH_TRUSTED_PROXIES"),
    publicUrl: readPublicUrl(reader),
    federation: readFederation(reader),
    sessions: {
      // An hour without a touch, and a shift with its overtime (NIST SP 800-63B-4, section 2.2.3, allows an hour and a day).
      idleMs: 60_000 * readInt(reader, "TILLWATCH_SESSION_IDLE_MINUTES", { standard: 60, min: 1, max: 1_440 }),
      lifeMs: 3_600_000 * readInt(reader, "TILLWATCH_SESSION_HOURS", { standard: 12, min: 1, max: 168 }),
    },
  };
  return problems.length === 0 ? ok(Object.freeze(config)) : refused(problems);
}

function readMay(reader: Reader): Config["adminTokenMay"] {
  const text = reader.text("TILLWATCH_ADMIN_TOKEN_MAY", "setup");
  if (text === "everything" || text === "setup") return text;
  reader.problems.push({ setting: "TILLWATCH_ADMIN_TOKEN_MAY", message: "must be everything or setup" });
  return "setup";
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

function readAnchor(reader: Reader): string | null {
  const setting = "TILLWATCH_ANCHOR";
  if (reader.text(setting, "") === "") return null;
  return readUrl(reader, setting, { standard: "", schemes: ["file", "https", "http"] });
}

function readSite(reader: Reader): SiteId | null {
  const text = reader.text("TILLWATCH_FRIGATE_SITE", "");
  if (text === "") return null;
  const site = parseSiteId(text);
  if (site.ok) return site.value;
  reader.problems.push({ setting: "TILLWATCH_FRIGATE_SITE", message: `${text} is not a site id` });
  return null;
}

/** An origin: a path would promise an installation below one, which is not there. */
function readPublicUrl(reader: Reader): string | null {
  const text = reader.text("TILLWATCH_PUBLIC_URL", "");
  if (text === "") return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ["http:", "https:"].includes(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  reader.problems.push({
    setting: "TILLWATCH_PUBLIC_URL",
    message: `${text} is not like https://tillwatch.example.org`,
  });
  return null;
}
