import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const tokenBytes = 32;
const tokenCharsMin = 16;

export class AdminTokenFault extends Error {
  override readonly name = "AdminTokenFault";
  readonly code = "admin_token_weak";
}

/**
 * The administrator's bearer token: the configured one, else the one kept in `<keys>/admin.token` (mode 0600), else a new one, which is
 * kept there. `made` is true only then, so that the first start can show it. Throws `admin_token_weak` for a token that can be guessed.
 */
export function openAdminToken(
  keysFolder: string,
  configured: string | null,
): { readonly token: string; readonly made: boolean } {
  if (configured !== null) return { token: checked(configured), made: false };
  const file = join(keysFolder, "admin.token");
  const token = `tw_${randomBytes(tokenBytes).toString("base64url")}`;
  try {
    writeFileSync(file, `${token}\n`, { mode: 0o600, flag: "wx" });
    return { token, made: true };
  } catch (fault) {
    if (!(fault instanceof Error && "code" in fault && fault.code === "EEXIST")) throw fault;
    return { token: checked(readFileSync(file, "utf8").trim()), made: false };
  }
}

function checked(token: string): string {
  if (token.length >= tokenCharsMin) return token;
  throw new AdminTokenFault(`the administrator's token has fewer than ${tokenCharsMin} characters; take a longer one`);
}
