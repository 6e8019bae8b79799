/** What routes about people ask (access/actions.ts says each in a sentence). */
export const own = { access: { action: "account:own", on: "own" } } as const;
export const readAccounts = { access: { action: "account:read", on: "organisation" } } as const;
export const writeAccounts = { access: { action: "account:write", on: "organisation" } } as const;
export const recoverAccounts = { access: { action: "account:recover", on: "installation" } } as const;
