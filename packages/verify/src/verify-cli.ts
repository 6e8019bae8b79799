import { parseArgs } from "node:util";
import type { PacketKeyUse, PacketReport } from "@tillwatch/evidence";
import { verifyPacketFile } from "./verify-file.ts";

/** Where the lines go; each call is one line without its end. */
export type VerifyIo = { readonly out: (line: string) => void; readonly err: (line: string) => void };

const usage = `Usage: tillwatch-verify PACKET [--key VKEY|FILE] [--dsse-key FILE] [--json]

Checks a sealed packet offline and names the first thing that is wrong.

  --key VKEY|FILE   key of the log that you trust (name+id+base64, or a file with one a line); may be repeated
  --dsse-key FILE   key that signs the packet's statement (PEM, base64 or hex); may be repeated
  --json            the whole report as JSON

Exit code: 0 verified, 1 broken, 2 the input cannot be used.`;

/** Runs the command and answers its exit code: 0 verified, 1 broken, 2 unusable input. */
export async function runVerifyCli(argv: readonly string[], io: VerifyIo): Promise<number> {
  const args = readArgs(argv);
  if (args === "help") {
    io.out(usage);
    return 0;
  }
  if (typeof args === "string") {
    io.err(`${args}\n\n${usage}`);
    return 2;
  }
  const result = await verifyPacketFile(args.packet, { keys: args.keys, statementKeyFiles: args.statementKeyFiles });
  if (!result.ok) {
    const line = { verdict: "unusable", code: result.error.code, firstProblem: result.error.says };
    io.out(args.json ? JSON.stringify(line, undefined, 2) : `UNUSABLE: ${printable(result.error.says)}`);
    return 2;
  }
  if (args.json) io.out(JSON.stringify({ ...result.value, result: resultLine(result.value) }, undefined, 2));
  else for (const line of reportLines(result.value)) io.out(printable(line));
  return { verified: 0, broken: 1, unusable: 2 }[result.value.verdict];
}

type Args = {
  readonly packet: string;
  readonly keys: readonly string[];
  readonly statementKeyFiles: readonly string[];
  readonly json: boolean;
};

function readArgs(argv: readonly string[]): Args | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        key: { type: "string", multiple: true, default: [] },
        "dsse-key": { type: "string", multiple: true, default: [] },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return "help";
    const [packet, ...more] = positionals;
    if (packet === undefined || more.length > 0) return "Name one packet.";
    return { packet, keys: values.key, statementKeyFiles: values["dsse-key"], json: values.json };
  } catch (fault) {
    return fault instanceof Error ? fault.message : String(fault);
  }
}

function reportLines(report: PacketReport): string[] {
  const width = Math.max(...report.checks.map((check) => check.name.length));
  return [
    ...report.checks.map((check) => `${check.ok ? "ok    " : "FAILED"}  ${check.name.padEnd(width)}  ${check.detail}`),
    ...report.keys.map((key) => `key     ${key.role.padEnd(width)}  ${key.key} (${sourceText[key.source]})`),
    resultLine(report),
  ];
}

const sourceText: Readonly<Record<PacketKeyUse["source"], string>> = {
  given: "given by you",
  log: "vouched for by the log",
  packet: "named by the packet itself; its trust was not checked",
};

function resultLine(report: PacketReport): string {
  if (report.verdict !== "verified") return `${report.verdict.toUpperCase()}: ${report.firstProblem ?? ""}`;
  const own = report.keys.filter((key) => key.source === "packet").map((key) => `${key.role} ${key.key}`);
  return own.length === 0
    ? "VERIFIED"
    : `VERIFIED (keys taken from the packet itself; compare them: ${own.join(", ")})`;
}

/** File names in a packet come from strangers: nothing of them may steer the terminal or turn the text around. */
function printable(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (char) => {
    const point = char.codePointAt(0) ?? 0;
    return `\\u{${point.toString(16)}}`;
  });
}
