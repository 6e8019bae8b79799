import { fileURLToPath } from "node:url";

/** Folders that come with the program. */
export const shippedPack = fileURLToPath(new URL("../../../../pack/retail", import.meta.url));
export const builtWeb = fileURLToPath(new URL("../../../web/dist", import.meta.url));
export const migrationsFolder = fileURLToPath(new URL("../migrations/", import.meta.url));
export const version = "0.1.0";
