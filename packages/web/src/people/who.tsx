import { useQuery } from "@tanstack/react-query";
import { useMay } from "../app/may.ts";
import { whoIs } from "../record/record-words.ts";
import { nameQuery } from "./name-query.ts";
import { whoAmIQuery } from "./people-queries.ts";

/**
 * Who did it: the reader, by name where the answer says whom its tokens stand for (`names`), or where he may read the record, which
 * names them; the program itself and the operator in words; else the token, as the record has it. Whoever reads
 * what they did themselves need not compare tokens.
 */
export function Who({
  actor,
  names = {},
}: {
  readonly actor: string;
  readonly names?: Readonly<Record<string, string>>;
}) {
  const { data: me } = useQuery(whoAmIQuery);
  const isSomebody = /^(?:user|service):/.test(actor) && actor !== "user:admin";
  const mayAsk = useMay()("audit:read") && isSomebody && !Object.hasOwn(names, actor);
  const { data: name = null } = useQuery({ ...nameQuery(actor), enabled: mayAsk });
  if (me?.actor === actor) return <span title={actor}>you</span>;
  if (Object.hasOwn(names, actor)) return <span title={actor}>{names[actor]}</span>;
  if (name !== null) return <span title={actor}>{name}</span>;
  return <span className="break-all">{whoIs(actor, names)}</span>;
}
