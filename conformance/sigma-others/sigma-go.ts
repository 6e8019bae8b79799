import { fileURLToPath } from "node:url";
import { goProgram } from "../tools.ts";

export const sigmaGoVersion = "0.6.6";

/** The engine of sigma-go, a library, behind a few lines that read files and print results (`conformance/sigma-go`). */
export function sigmaGoTool(): string | undefined {
  return goProgram(fileURLToPath(new URL("../sigma-go", import.meta.url)), "sigma-go-peer");
}
