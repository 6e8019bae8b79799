import { runVerifyCli } from "./verify-cli.ts";

process.exitCode = await runVerifyCli(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
});
