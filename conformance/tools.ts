import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Tools that we did not write: found on this machine, or built once from their registry and kept in the user's cache folder, so that a
 * second clone is quick. Each function answers where the tool is, or undefined when it cannot be had; the test is then skipped.
 */

/** Building may compile a compiler's worth of dependencies on a small machine. */
const buildMsMax = 12 * 60_000;

/** `${XDG_CACHE_HOME:-~/.cache}/tillwatch` */
export function cacheFolder(): string {
  const base = process.env["XDG_CACHE_HOME"];
  return join(base === undefined || base === "" ? join(homedir(), ".cache") : base, "tillwatch");
}

/** The `skip` option of a test: false when the tool is there, else the reason that is printed. */
export function skipWithout(name: string, tool: string | undefined): string | false {
  return tool === undefined ? `skipped: ${name} not found` : false;
}

/** A program on the path. */
export function systemTool(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** A folder of the vectors of others (TILLWATCH_VECTORS, default ../shared/vectors beside the repository), if it is here. */
export function vectorsFolder(name: string): string | undefined {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const given = process.env["TILLWATCH_VECTORS"] ?? "../shared/vectors";
  const folder = join(given.startsWith("/") ? given : join(root, given), name);
  return existsSync(folder) ? folder : undefined;
}

/** The Python of a virtual environment that holds exactly these pinned packages (`bagit==1.9.0`). */
export function pythonTool(packages: readonly string[]): string | undefined {
  const folder = join(cacheFolder(), `python-${packages.join("-").replaceAll(/[^A-Za-z0-9.]+/g, "-")}`);
  const python = join(folder, "bin", "python");
  const built = buildOnce(folder, () => {
    const base = systemTool("python3");
    if (base === undefined || !succeeds(base, ["-m", "venv", folder])) return false;
    return succeeds(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]);
  });
  return built ? python : undefined;
}

/**
 * A Go program by package path and version, built from the module proxy. With `module` (the part of the path that is the module) by its
 * go.mod alone: `go install` also asks for the list of versions, which not every proxy has.
 */
export function goTool(path: string, version: string, module?: string): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const folder = join(cacheFolder(), `go-${name}-${version}`);
  const built = buildOnce(folder, () => {
    const go = systemTool("go");
    if (go === undefined) return false;
    if (module === undefined) {
      return succeeds(go, ["install", `${path}@${version}`], { GOBIN: folder, GOFLAGS: "-mod=mod" });
    }
    writeFileSync(join(folder, "go.mod"), `module tool\n\ngo 1.22\n\nrequire ${module} ${version}\n`);
    return succeeds(go, ["build", "-C", folder, "-mod=mod", "-o", join(folder, name), path]);
  });
  return built ? join(folder, name) : undefined;
}

/** A Rust program by crate and version; `bin` when its name differs from the crate's. */
export function cargoTool(crate: string, version: string, bin = crate): string | undefined {
  const folder = join(cacheFolder(), `cargo-${crate}-${version}`);
  const built = buildOnce(folder, () => {
    const cargo = systemTool("cargo");
    const args = ["install", "--quiet", "--locked", "--root", folder, "--version", version, crate, "--bin", bin];
    return cargo !== undefined && succeeds(cargo, args);
  });
  return built ? join(folder, "bin", bin) : undefined;
}

/**
 * A small Rust program of this repository around crates of others, whose versions its Cargo.lock pins. It is kept by what it is made of, and a
 * build that was cut off goes on where it was.
 */
export function cargoProgram(source: string, bin: string): string | undefined {
  const parts = ["Cargo.toml", "Cargo.lock", "src/main.rs"].map((file) => readFileSync(join(source, file), "utf8"));
  const digest = createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 12);
  const folder = join(cacheFolder(), `cargo-${bin}-${digest}`);
  const target = join(cacheFolder(), `cargo-${bin}.target`);
  const built = buildOnce(folder, () => {
    const cargo = systemTool("cargo");
    const args = ["build", "--quiet", "--release", "--locked", "--manifest-path", join(source, "Cargo.toml")];
    if (cargo === undefined || !succeeds(cargo, args, { CARGO_TARGET_DIR: target })) return false;
    copyFileSync(join(target, "release", bin), join(folder, bin));
    return true;
  });
  return built ? join(folder, bin) : undefined;
}

/** The same in Go: its go.sum pins the modules of others, which come from the module proxy. */
export function goProgram(source: string, bin: string): string | undefined {
  const parts = ["go.mod", "go.sum", "main.go"].map((file) => readFileSync(join(source, file), "utf8"));
  const digest = createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 12);
  const folder = join(cacheFolder(), `go-${bin}-${digest}`);
  const built = buildOnce(folder, () => {
    const go = systemTool("go");
    return go !== undefined && succeeds(go, ["build", "-C", source, "-mod=readonly", "-o", join(folder, bin), "."]);
  });
  return built ? join(folder, bin) : undefined;
}

/** A finished build leaves a mark; without it the folder is from a build that was interrupted, and is made anew. */
function buildOnce(folder: string, build: () => boolean): boolean {
  const mark = join(folder, "built");
  if (existsSync(mark)) return true;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  console.log(`building ${folder}`);
  if (!build()) {
    rmSync(folder, { recursive: true, force: true });
    return false;
  }
  writeFileSync(mark, "");
  return true;
}

function succeeds(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): boolean {
  const run = runTool(program, args, { env, msMax: buildMsMax });
  if (run.code !== 0) console.log(`${program} ${args.join(" ")}: ${run.output.trim().slice(-2000)}`);
  return run.code === 0;
}

export type ToolOptions = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly msMax?: number;
};
export type ToolRun = { readonly code: number; readonly output: string };

/** Runs a tool to its end; `output` is both streams together, `code` -1 when it did not end by itself within `msMax`. */
export function runTool(program: string, args: readonly string[], options: ToolOptions = {}): ToolRun {
  const run = spawnSync(program, args, {
    encoding: "utf8",
    timeout: options.msMax ?? 120_000,
    killSignal: "SIGKILL",
    maxBuffer: 2 ** 28,
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  return { code: run.status ?? -1, output: `${run.stdout}${run.stderr}${run.error?.message ?? ""}` };
}

/** The same beside this process, which goes on: for a tool that talks to a server in it. `output` is both streams, `input` goes to stdin. */
export function runToolBeside(
  program: string,
  args: readonly string[],
  options: ToolOptions & { readonly input?: string } = {},
): Promise<ToolRun> {
  const { cwd, env, msMax = 60_000, input } = options;
  const how = { encoding: "utf8", timeout: msMax, killSignal: "SIGKILL", env: { ...process.env, ...env } } as const;
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [...args],
      { ...how, ...(cwd === undefined ? {} : { cwd }) },
      (fault, stdout, stderr) => {
        const code = fault === null ? 0 : typeof fault.code === "number" ? fault.code : -1;
        resolve({ code, output: `${stdout}${stderr}` });
      },
    );
    child.stdin?.on("error", () => {}); // it may end without reading
    child.stdin?.end(input ?? "");
  });
}
