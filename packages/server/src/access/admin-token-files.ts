import { randomBytes } from "node:crypto";
import type { KeyFolder } from "../platform/keys/key-folder.ts";

const tokenBytes = 32;
const tokenCharsMin = 16;
const name = "admin.token";

export class AdminTokenFault extends Error {
  override readonly name = "AdminTokenFault";
  readonly code = "admin_token_weak";
}

/**
 * The administrator's bearer token: the configured one, else the one kept in `<keys>/admin.token` (mode 0600), else a new one, which is
 * kept there. `made` is true only then, so that the first start can show it. Throws `admin_token_weak` for a token that can be guessed.
 */
export async function openAdminToken(
  keys: KeyFolder,
  configured: string | null,
): Promise<{ readonly token: string; readonly made: boolean }> {
  if (configured !== null) return { token: checked(configured), made: false };
  const known = await keys.read(name);
  if (known !== null) return { token: checked(known.trim()), made: false };
  const token = `tw_${randomBytes(tokenBytes).toString("base64url")}`;
  const kept = checked((await keys.make(name, `${token}\n`)).trim());
  return { token: kept, made: kept === token };
}

function checked(token: string): string {
  if (token.length >= tokenCharsMin) return token;
  throw new AdminTokenFault(`the administrator's token has fewer than ${tokenCharsMin} characters; take a longer one`);
}
