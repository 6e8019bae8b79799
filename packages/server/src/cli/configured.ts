import { readConfig, type Config } from "../config.ts";
import { loadPack, type LoadedPack } from "../pack/load-pack.ts";
import { readPackFiles } from "../pack/pack-files.ts";
import { Unusable, type Cli } from "./command.ts";
import { shippedPack } from "./shipped.ts";

/** The configuration, or Unusable with every problem of it on a line of its own. */
export function configOf(cli: Cli): Config {
  const config = readConfig(cli.env, shippedPack);
  if (config.ok) return config.value;
  const lines = config.error.map(({ setting, message }) => `  ${setting}: ${message}`);
  throw new Unusable(`the configuration cannot be used:\n${lines.join("\n")}`);
}

/** The pack whole, or Unusable with every problem of it. */
export function packOf(folder: string): LoadedPack {
  const pack = loadPack(readPackFiles(folder));
  if (pack.ok) return pack.value;
  const lines = pack.error.map(({ file, line, message }) => `  ${file}${line === null ? "" : `:${line}`}: ${message}`);
  throw new Unusable(`the pack at ${folder} cannot be used:\n${lines.join("\n")}`);
}
