import { KeyFolder } from "../platform/keys/key-folder.ts";

/** A folder of keys in the clear, made where it is absent. */
export function clearKeys(path: string): Promise<KeyFolder> {
  return KeyFolder.open(path, null);
}
