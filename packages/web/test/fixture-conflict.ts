import { minutesAgo } from "./fixture-world.ts";
import { colleagues } from "./fixture-retention.ts";

type Answer = { readonly status: number; readonly body: unknown };
type Named = {
  readonly ref: string;
  readonly name: string;
  readonly at: string;
  readonly by: string;
  readonly through: string;
};

const [boss] = colleagues.items;

const id = (n: number) => `77777777-7777-4777-8777-${String(n).padStart(12, "0")}`;
const person = (n: number, name: string, role: string) => ({ id: id(n), token: `user:${id(n)}`, name, roles: [role] });
const people = [person(2, "Joost de Wit", "guard"), person(3, "Priya Raman", "investigator")];
const names = { "user:0d9e": "Dina Haddad", "user:1f2a": "Mara Ilves" };
const joined = (n: number, operator: string) => ({
  id: `66666666-6666-4666-8666-${String(n).padStart(12, "0")}`,
  accountId: people[n - 1]?.id,
  name: people[n - 1]?.name,
  operator,
  at: minutesAgo(n * 3000),
  by: "user:0d9e",
});

/** Whom cases are about: one that a till named, and one naming that somebody else wants to take back. */
export class FixtureConflict {
  #named: Named[] = [
    { ref: boss?.ref ?? "", name: boss?.name ?? "", at: minutesAgo(180), by: "machine", through: "till" },
  ];
  handlers: readonly string[] | null = null;
  operators: readonly object[] = [
    { ...joined(1, "k-17"), siteId: "S-1001", because: "He works at till 1 by this number." },
    { ...joined(2, "0042"), siteId: null, because: "Her badge, which all shops know." },
  ];
  interests: readonly object[] = [
    { actor: people[0]?.token, name: people[0]?.name, words: 3, at: minutesAgo(90), by: "user:0d9e" },
    { actor: people[1]?.token, name: people[1]?.name, words: 1, at: minutesAgo(4000), by: "user:1f2a" },
  ];

  get({ pathname }: URL): unknown {
    if (/^\/api\/v1\/incidents\/[^/]+\/colleagues$/.test(pathname)) return colleagues;
    if (pathname === "/api/v1/till-operators") return { items: this.operators, people, names };
    if (pathname === "/api/v1/misuse/conflicts") return { items: this.interests, people, names };
    if (/^\/api\/v1\/accounts\/[^/]+\/till-operators$/.test(pathname)) {
      return { items: [{ id: "66666666-6666-4666-8666-000000000001", operator: "k-17", siteId: "S-1001" }] };
    }
    if (!/^\/api\/v1\/incidents\/[^/]+\/conflict$/.test(pathname)) return undefined;
    const [named] = this.#named;
    const withdrawal = {
      id: "66666666-6666-4666-8666-000000000002",
      ref: named?.ref ?? null,
      name: named?.name ?? null,
      at: minutesAgo(60),
      by: "user:88888888-8888-4888-8888-000000000001",
      because: "She was the one who was robbed.",
      state: "asked",
      decidedAt: null,
      decidedBy: null,
      decidedBecause: null,
    };
    const askers = { [withdrawal.by]: "Clara Weiss" };
    return {
      names: askers,
      handlers: this.handlers,
      named: this.#named,
      withdrawals: named?.through === "till" ? [withdrawal] : [],
    };
  }

  post(path: string, body: unknown): Answer | undefined {
    if (path === "/api/v1/misuse/conflicts") return { status: 204, body: {} };
    if (path === "/api/v1/misuse/conflicts/withdrawals") {
      const { actor } = body as { readonly actor: string };
      this.interests = this.interests.filter((one) => !("actor" in one && one.actor === actor));
      return { status: 200, body: { taken: 1 } };
    }
    if (path.endsWith("/till-operators")) return { status: 201, body: { id: "66666666-6666-4666-8666-000000000003" } };
    if (/\/till-operators\/[^/]+\/end$/.test(path)) return { status: 200, body: {} };
    if (/\/conflict\/withdrawals\/[^/]+\/decision$/.test(path)) {
      if ((body as { approve: boolean }).approve) this.#named = [];
      return { status: 200, body: {} };
    }
    if (path.endsWith("/conflict/withdrawals"))
      return { status: 201, body: { id: "66666666-6666-4666-8666-000000000004" } };
    if (!/\/incidents\/[^/]+\/colleagues$/.test(path)) return undefined;
    const { colleagues: refs } = body as { readonly colleagues: readonly string[] };
    this.handlers = colleagues.handlers;
    this.#named = colleagues.items
      .filter(({ ref }) => refs.includes(ref))
      .map(({ ref, name }) => ({ ref, name, at: minutesAgo(0), by: "user:admin", through: "person" }));
    return { status: 200, body: {} };
  }
}
