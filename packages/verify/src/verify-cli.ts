import { parseArgs } from "node:util";
import type { ExportReport, PacketKeyUse, PacketReport } from "@tillwatch/evidence";
import { isRecordExport, verifyPacketFile, verifyRecordFile } from "./verify-file.ts";

/** Where the lines go; each call is one line without its end. */
export type VerifyIo = { readonly out: (line: string) => void; readonly err: (line: string) => void };

const usage = `Usage: tillwatch-verify PACKET|EXPORT [--key VKEY|FILE] [--dsse-key FILE] [--log FOLDER] [--json]

Checks a sealed packet, or an answer of the record with its proofs, offline and names the first thing that is wrong.

  --key VKEY|FILE   key of the log that you trust (name+id+base64, or a file with one a line); may be repeated
  --dsse-key FILE   key that signs the packet's statement (PEM, base64 or hex); may be repeated
  --log FOLDER      a copy of the log, for an export of the record that does not carry it: was anything left out?
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
  if (await isRecordExport(args.packet)) return verifyExport(args, io);
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

async function verifyExport(args: Args, io: VerifyIo): Promise<number> {
  const { logFolder, keys } = args;
  const result = await verifyRecordFile(args.packet, { keys, ...(logFolder === null ? {} : { logFolder }) });
  if (!result.ok) {
    const line = { verdict: "unusable", code: result.error.code, firstProblem: result.error.says };
    io.out(args.json ? JSON.stringify(line, undefined, 2) : `UNUSABLE: ${printable(result.error.says)}`);
    return 2;
  }
  const report = result.value;
  if (args.json) io.out(JSON.stringify({ ...report, result: exportLine(report) }, undefined, 2));
  else for (const line of exportLines(report)) io.out(printable(line));
  return { verified: 0, broken: 1, unusable: 2 }[report.verdict];
}

function exportLines(report: ExportReport): string[] {
  const width = Math.max(...report.checks.map((check) => check.name.length));
  const key =
    report.key === undefined
      ? []
      : [`key     ${"log".padEnd(width)}  ${report.key.vkey} (${exportSource[report.key.source]})`];
  return [
    ...report.checks.map((check) => `${check.ok ? "ok    " : "FAILED"}  ${check.name.padEnd(width)}  ${check.detail}`),
    ...key,
    exportLine(report),
  ];
}

const exportSource = {
  given: "given by you",
  export: "named by the export itself; its trust was not checked",
} as const;

function exportLine({ verdict, firstProblem, key }: ExportReport): string {
  if (verdict !== "verified") return `${verdict.toUpperCase()}: ${firstProblem ?? ""}`;
  return key?.source === "export" ? `VERIFIED (key taken from the export itself; compare it: ${key.vkey})` : "VERIFIED";
}

type Args = {
  readonly packet: string;
  readonly keys: readonly string[];
  readonly statementKeyFiles: readonly string[];
  readonly logFolder: string | null;
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
        log: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return "help";
    const [packet, ...more] = positionals;
    if (packet === undefined || more.length > 0) return "Name one packet.";
    return {
      packet,
      keys: values.key,
      statementKeyFiles: values["dsse-key"],
      logFolder: values.log ?? null,
      json: values.json,
    };
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
