import { readFileSync } from "node:fs";
import { isIP } from "node:net";

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

/** Settings by name, and where what is wrong with them is gathered: all problems are told at once. */
export type Reader = { readonly text: (name: string, standard: string) => string; readonly problems: ConfigProblem[] };

// Each of these says what is wrong and answers something harmless: a configuration with problems is never used.

export function readSecret(reader: Reader, name: string): Secret | null {
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

export function readAddress(reader: Reader, setting: string, text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:\s]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    reader.problems.push({ setting, message: `${text} is not host:port, like 127.0.0.1:8080` });
    return { host: "127.0.0.1", port: 0 };
  }
  return { host: match[1] ?? match[2] ?? "", port };
}

export function readUrl(
  reader: Reader,
  setting: string,
  rules: { standard: string; schemes: readonly string[]; or?: string },
): string {
  const text = reader.text(setting, rules.standard);
  const scheme = /^([a-z0-9+]+):/.exec(text)?.[1] ?? "";
  if (!rules.schemes.includes(scheme)) {
    reader.problems.push({
      setting,
      message: `must begin with ${rules.schemes.map((name) => `${name}:`).join(" or ")}${rules.or ?? ""}`,
    });
  }
  return text;
}

export function readInt(
  reader: Reader,
  setting: string,
  rules: { standard: number; min: number; max: number },
): number {
  const text = reader.text(setting, String(rules.standard));
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < rules.min || value > rules.max) {
    reader.problems.push({ setting, message: `${text} is not a whole number from ${rules.min} to ${rules.max}` });
    return rules.standard;
  }
  return value;
}

export function readAddresses(reader: Reader, setting: string): readonly string[] {
  const list = reader
    .text(setting, "")
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "");
  for (const text of list) {
    const [address = "", bits, ...more] = text.split("/");
    const longest = { 4: 32, 6: 128 }[isIP(address)] ?? -1;
    const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest);
    if (longest < 0 || !fits || more.length > 0) {
      reader.problems.push({ setting, message: `${text} is not an IP address or block, like 10.0.0.0/8` });
    }
  }
  return list;
}

export function readFlag(reader: Reader, setting: string): boolean {
  const text = reader.text(setting, "false");
  if (text !== "true" && text !== "false") reader.problems.push({ setting, message: "must be true or false" });
  return text === "true";
}
