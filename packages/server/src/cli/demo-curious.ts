import { demoPeople, type DemoPerson } from "./account-command.ts";

/** Who is curious, who wrote down where he lives, and the street. He is a person of the demo like the others (access/people/demo-people.ts). */
const curious = "Nils Brouwer";
const officer = "Dina Haddad";
const street = "Lindenlaan";
const casesOpened = 4;

type Session = {
  readonly ask: <Answer>(path: string, body?: object) => Promise<Answer>;
  readonly end: () => Promise<unknown>;
};

/**
 * What a curious colleague does, by the requests that his browser would send: signs in by his link, looks for the street where he lives, and
 * opens cases that nobody gave him. The watch over the record flags him by itself. Once in the life of a demo; answers whether it was now.
 */
export async function browseCuriously(url: string, token: string): Promise<boolean> {
  const people = await demoPeople(url, token);
  const dina = await signIn(url, personOf(people, officer));
  const nils = await signIn(url, personOf(people, curious));
  try {
    const { actor } = await nils.ask<{ actor: string }>("/api/v1/session");
    const { items } = await dina.ask<{ items: readonly { actor: string | null }[] }>("/api/v1/misuse");
    if (items.some((one) => one.actor === actor)) return false;
    await dina.ask("/api/v1/misuse/conflicts", { actor, words: street });
    await nils.ask(`/api/v1/incidents?q=${street}`);
    const queue = await nils.ask<{ items: readonly { id: string }[] }>(
      `/api/v1/incidents?kind=incident&limit=${casesOpened}`,
    );
    for (const { id } of queue.items) {
      await nils.ask("/api/v1/grounds", {
        incidentId: id,
        purpose: "incident_investigation",
        ground: "legitimate_interest",
      });
      await nils.ask(`/api/v1/incidents/${id}`);
    }
    return true;
  } finally {
    await Promise.all([dina.end(), nils.end()]);
  }
}

function personOf(people: readonly DemoPerson[], name: string): DemoPerson {
  const found = people.find((person) => person.name === name);
  if (found === undefined) throw new Error(`the demo has no ${name}`);
  return found;
}

async function signIn(url: string, { link }: DemoPerson): Promise<Session> {
  const own = { "sec-fetch-site": "same-origin", "content-type": "application/json" };
  const answer = await fetch(new URL("/api/v1/links/sign-in", url), {
    method: "POST",
    headers: own,
    body: JSON.stringify({ link: new URL(link).hash.slice(1) }),
  });
  if (!answer.ok) throw new Error(`a link of the demo was refused: ${await answer.text()}`);
  const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
  const session = { cookie, "sec-fetch-site": "same-origin" };
  return {
    ask: async <Answer>(path: string, body?: object) => {
      const said = await fetch(
        new URL(path, url),
        body === undefined
          ? { headers: session }
          : { method: "POST", headers: { ...own, cookie }, body: JSON.stringify(body) },
      );
      const text = await said.text();
      if (!said.ok) throw new Error(`${path}: ${text}`);
      return (text === "" ? undefined : JSON.parse(text)) as Answer;
    },
    end: () => fetch(new URL("/api/v1/session", url), { method: "DELETE", headers: session }),
  };
}
