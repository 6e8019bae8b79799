import { useQuery } from "@tanstack/react-query";
import { Who } from "../people/who.tsx";
import { disposalsQuery } from "./retention-queries.ts";

/** Whoever asked, confirmed or keeps it on, by name. */
export function DisposalPerson({ token }: { readonly token: string }) {
  const names = useQuery(disposalsQuery).data?.names ?? {};
  return <Who actor={token} names={names} />;
}
