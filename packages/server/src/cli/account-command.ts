import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { exitOk, Unusable, type Command } from "./command.ts";
import { configOf } from "./configured.ts";

export const accountCommand: Command = {
  usage: "account setup-link | demo-links",
  summary:
    "a new one-time link for an administrator who has no way to sign in; or for each person of a demo (the server runs)",
  run: async (cli) => {
    const [verb] = cli.args;
    const config = configOf(cli);
    const { host, port } = config.http;
    const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
    if (verb === "setup-link") {
      const { link = "", expiresAt = "" } = await ask<{ link?: string; expiresAt?: string }>(
        `${url}/api/v1/setup-link`,
        tokenOf(config),
      );
      cli.out(`${link}\n`);
      cli.err(`good once, until ${expiresAt}; earlier links of this account open nothing any more\n`);
      return exitOk;
    }
    if (verb !== "demo-links")
      throw new Unusable("say: tillwatch account setup-link, or: tillwatch account demo-links");
    cli.out(`${await demoLinks(url, tokenOf(config))}\n`);
    return exitOk;
  },
};

export type DemoPerson = {
  readonly organisation: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly site: string | null;
  readonly link: string;
};

/** The people of a demo, each with a new link. Throws Unusable where the server is no demo. */
export async function demoPeople(url: string, token: string): Promise<readonly DemoPerson[]> {
  return (await ask<{ readonly items: readonly DemoPerson[] }>(`${url}/api/v1/demo-links`, token)).items;
}

/** A line for each of them. */
export async function demoLinks(url: string, token: string): Promise<string> {
  const lines = (await demoPeople(url, token)).map(({ organisation, name, roles, site, link }) => {
    const who = `${name}, ${roles.join(" and ").replaceAll("_", " ")}${site === null ? "" : ` at ${site}`}`;
    return `  ${organisation}: ${who}\n      ${link}\n`;
  });
  return lines.join("");
}

async function ask<Answer>(url: string, token: string): Promise<Answer> {
  const answer = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${token}` } }).catch(() => null);
  if (answer === null) {
    throw new Unusable(
      `no server answers at ${new URL(url).origin}\n` +
        "    if it runs elsewhere, put the settings that it was started with in front, as in: TILLWATCH_HTTP=127.0.0.1:8090 ./tillwatch account demo-links\n" +
        "    if it does not run, start it",
    );
  }
  if (answer.ok) return (await answer.json()) as Answer;
  const { code = answer.status, detail = "" } = (await answer.json()) as { code?: string; detail?: string };
  throw new Unusable(`the server refused: ${code}: ${detail}`);
}

/** The installation's own token, as the server of this configuration has it. */
function tokenOf(config: Config): string {
  const configured = config.adminToken?.reveal();
  if (configured !== undefined) return configured;
  const file = join(config.keysFolder, "admin.token");
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    throw new Unusable(`${file} cannot be read: run this as the user and with the settings of the server`);
  }
}
