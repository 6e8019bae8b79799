/** Who does something: a token, never a name. `administrator` holds the installation's own token. */
export type Actor = { readonly token: string; readonly kind: "administrator" | "device" | "person" };
