import { spawn, type ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { MediaFault } from "./media-refusal.ts";

export type MediaRun = {
  readonly program: string;
  readonly args: readonly string[];
  readonly runMsMax: number;
  /** Standard input, then what goes into descriptors 3, 4, ... */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  readonly more?: readonly Uint8Array[];
  /** Told what it wrote to standard error at the end, where it went well. */
  readonly onEnd?: (said: string) => void;
};

const saidMax = 2_000;
const programFolders = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin";

/**
 * Runs a program over bytes of strangers and streams what it writes: with nothing of our environment, in `/`, and killed when its time
 * is over or nobody reads on. Throws MediaFault when it cannot be started, is killed, or ends with another code than 0.
 */
export async function* runMedia({
  program,
  args,
  runMsMax,
  stdin,
  more = [],
  onEnd,
}: MediaRun): AsyncGenerator<Uint8Array> {
  const child = spawn(program, [...args], {
    env: { PATH: programFolders },
    cwd: "/",
    stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe", ...more.map(() => "pipe" as const)],
  });
  const ended = endOf(child);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, runMsMax);
  const said = tail(child.stderr);
  const fed = Promise.all([
    feed(child.stdin, stdin),
    ...more.map((bytes, at) => feed(child.stdio[3 + at] as Writable, [bytes])),
  ]);
  fed.catch(() => child.kill("SIGKILL"));
  try {
    if (child.stdout !== null) for await (const chunk of child.stdout) yield chunk as Uint8Array;
    const outcome = await ended;
    await fed; // its own fault comes before what the program made of half a file
    if (late) throw new MediaFault({ code: "media_took_too_long", says: `took longer than ${runMsMax / 1000} s` });
    if (outcome.missing) throw new MediaFault({ code: "media_tool_missing", says: `${program} is not installed` });
    if (outcome.code !== 0) throw new MediaFault({ code: "media_damaged", says: said() });
    onEnd?.(said());
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
    await ended;
  }
}

type End = { readonly code: number | null; readonly missing: boolean };

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.once("error", () => resolve({ code: null, missing: child.pid === undefined }));
    child.once("close", (code) => resolve({ code, missing: false }));
  });
}

/** The source's own fault is thrown; that the program stopped reading is told by its end. */
async function feed(
  into: Writable | null,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | undefined,
): Promise<void> {
  if (into === null || source === undefined) return;
  let open = true;
  into.once("error", () => (open = false));
  into.once("close", () => (open = false));
  for await (const chunk of source) {
    if (!open) return;
    if (!into.write(chunk)) await new Promise<void>((resolve) => drained(into, resolve));
  }
  if (open) into.end();
}

function drained(into: Writable, resolve: () => void): void {
  for (const event of ["drain", "close", "error"]) into.once(event, () => resolve());
}

function tail(stream: Readable | null): () => string {
  let text = "";
  stream?.setEncoding("utf8").on("data", (part: string) => (text = (text + part).slice(-saidMax)));
  return () => text.trim() || "it said nothing";
}
