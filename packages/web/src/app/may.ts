import { useQuery } from "@tanstack/react-query";
import { whoAmIQuery } from "../people/people-queries.ts";

/** Actions that pages ask about, as the server names them (packages/server/src/access/actions.ts; a test compares). */
export const askedActions = [
  "account:operator",
  "account:read",
  "account:write",
  "action:read",
  "analytics:export",
  "audit:export",
  "audit:read",
  "audit:verify",
  "break_glass:review",
  "break_glass:use",
  "configuration:read",
  "control:read",
  "control:run",
  "dead_letter:read",
  "dead_letter:settle",
  "device:enrol",
  "device:read",
  "device:revoke",
  "dismissal:switch",
  "disposal:decide",
  "draft:decide",
  "draft:read",
  "exhibit:add",
  "exhibit:approve_original",
  "exhibit:ask_original",
  "exhibit:mark",
  "exhibit:open",
  "exhibit:read",
  "exhibit:release_minor",
  "grant:decide",
  "grant:list",
  "grant:request",
  "hold:set",
  "incident:close",
  "incident:edit",
  "incident:list",
  "incident:move",
  "incident:name_colleague",
  "incident:note",
  "incident:override",
  "incident:read_colleagues",
  "incident:report",
  "incident:share",
  "incident:unname_colleague",
  "incident:verdict",
  "misuse:decide",
  "misuse:read",
  "model:switch",
  "packet:build",
  "packet:open",
  "packet:release",
  "person:look_up",
  "policy:read",
  "privacy:read",
  "privacy:write",
  "release:read",
  "retention:read",
  "review:decide",
  "review:read",
  "rule:activate",
  "rule:read",
  "rule:write",
  "service:read",
  "service:write",
  "share:list",
  "share:read",
  "signal:read",
  "silence:read",
  "silence:sign",
  "silence:write",
  "site:list",
  "source:read",
  "subject_request:handle",
  "vendor:approve",
  "vendor:end",
  "vendor:read",
  "vendor:request",
  "watch:decide",
  "watch:propose",
  "watch:read",
  "webhook:read",
  "webhook:write",
] as const;
export type Action = (typeof askedActions)[number];

export type May = (action: Action) => boolean;

const nothing: May = () => false;

/**
 * What leads anywhere for whoever is signed in, as the server computed it from the policies. It only spares ways that lead nowhere: the
 * server asks for each request all the same. null: not known yet.
 */
export function useKnownMay(): May | null {
  const { data } = useQuery(whoAmIQuery);
  return data === undefined ? null : (action) => data.may.includes(action);
}

/** As `useKnownMay`; nothing until it is known. */
export function useMay(): May {
  return useKnownMay() ?? nothing;
}

/** What leads on with one thing, from the answer that brought it. */
export function mayWith({ may = [] }: { readonly may?: readonly string[] | undefined }): May {
  return (action) => may.includes(action);
}
