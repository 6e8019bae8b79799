import { bytesOfBase32, codeOf, stepAt } from "../access/people/totp.ts";
import type { Role } from "../access/principal.ts";

export type NewPerson = { readonly roles: readonly Role[]; readonly sites?: readonly string[] | null };

let persons = 0;

/** Invites a person with the installation's token, sets password and codes, as people do over HTTP; answers the session's cookie. */
export async function signedIn(url: string, installationToken: string, person: NewPerson): Promise<string> {
  return (await invitedPerson(url, installationToken, person)).cookie;
}

/** The same with what the person signs in with. `token` is an administrator's; `codeNow(n)` the code of n steps ahead: each is good once. */
export async function invitedPerson(url: string, token: string, person: NewPerson) {
  const post = async (path: string, body: object, headers: Record<string, string>) => {
    const answer = await fetch(new URL(path, url), {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${text}`);
    return { answer, body: JSON.parse(text) as Readonly<Record<string, string>> };
  };
  persons += 1;
  const login = `person-${persons}@example.org`;
  const invited = await post(
    "/api/v1/accounts",
    { name: `Person ${persons}`, login, ...person },
    { authorization: `Bearer ${token}` },
  );
  const link = new URL(invited.body["link"] ?? "").hash.slice(1);
  const own = { "sec-fetch-site": "same-origin" };
  const { body } = await post("/api/v1/links/totp", { link }, own);
  const codeNow = (steps = 0) => codeOf(bytesOfBase32(body["secret"] ?? ""), stepAt(Date.now()) + steps);
  const password = "nine quiet herons wade";
  const { answer } = await post("/api/v1/links/password", { link, password, code: codeNow() }, own);
  const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
  return { cookie, login, password, codeNow, id: invited.body["id"] ?? "", token: invited.body["token"] ?? "" };
}
