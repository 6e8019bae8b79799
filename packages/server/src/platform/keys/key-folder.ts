import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { makeFolder, makeNamedFolder, place, syncFolder, writeDurably } from "../durable-file.ts";
import { KeyFault } from "./key-fault.ts";

const identityName = "identity.age";
const lockedHead = "-----BEGIN AGE ENCRYPTED FILE-----";
const passphraseCharsMin = 16;

/**
 * The folder of the installation's secrets, one file each, mode 0600. Locked, each is an age file (C2SP age v1, armored) for one identity,
 * and the identity lies beside them under a passphrase (`identity.age`): who takes the folder has nothing without it, and who has both can
 * open it with `age` alone. In the clear otherwise. Certificates (`.pem`) are public.
 */
export class KeyFolder {
  readonly path: string;
  readonly #identity: string | null; // null: in the clear

  private constructor(path: string, identity: string | null) {
    this.path = path;
    this.#identity = identity;
  }

  get locked(): boolean {
    return this.#identity !== null;
  }

  /**
   * An empty folder is locked from the start where there is a passphrase. Throws KeyFault: `key_passphrase_missing`, `key_passphrase_wrong`,
   * `key_passphrase_weak`, or `key_folder_in_clear` for secrets of before that `tillwatch keys lock` has not locked yet.
   */
  static async open(path: string, passphrase: string | null): Promise<KeyFolder> {
    makeNamedFolder(path);
    await makeFolder(path); // made durable
    const sealed = await readOwn(join(path, identityName));
    if (passphrase === null) {
      if (sealed === null) return new KeyFolder(path, null);
      throw new KeyFault("key_passphrase_missing", `${path} is locked: set TILLWATCH_KEYS_PASSPHRASE (or ..._FILE)`);
    }
    const clear = await inClear(path);
    if (clear.length > 0) {
      throw new KeyFault(
        "key_folder_in_clear",
        `${clear.join(", ")} in ${path} lies in the clear, and a passphrase is set: run tillwatch keys lock`,
      );
    }
    return new KeyFolder(
      path,
      sealed === null ? await makeIdentity(path, passphrase) : await opened(sealed, passphrase),
    );
  }

  /** The text of a secret, null where there is none. Throws KeyFault where others may read it, or it does not open. */
  async read(name: string): Promise<string | null> {
    const path = join(this.path, name);
    const text = await readOwn(path);
    if (text === null || this.#identity === null) return text;
    try {
      const decrypter = new Decrypter();
      decrypter.addIdentity(this.#identity);
      return await decrypter.decrypt(armor.decode(text), "text");
    } catch (fault) {
      throw new KeyFault("key_file_malformed", `${path} does not open with the identity beside it`, fault);
    }
  }

  /**
   * Keeps a new secret, durable before this answers, and answers the one that counts: another process that starts at the same moment may
   * have been first.
   */
  async make(name: string, text: string): Promise<string> {
    try {
      await writeDurably(join(this.path, name), await this.#sealed(text), { mode: 0o600, replace: false });
    } catch (fault) {
      if (!isTaken(fault)) throw fault;
    }
    const made = await this.read(name);
    if (made === null) throw new KeyFault("key_file_unreadable", `${join(this.path, name)} vanished while it was made`);
    return made;
  }

  /** `from` takes the place of `to`, at once and for good. */
  async rename(from: string, to: string): Promise<void> {
    await place(join(this.path, from), join(this.path, to), true);
    await syncFolder(this.path);
  }

  async #sealed(text: string): Promise<string> {
    return this.#identity === null ? text : sealedFor(this.#identity, text);
  }
}

/**
 * Locks a folder that lay in the clear; may be stopped and run again. Answers how many files it locked. What the disk kept of the old
 * files is not undone by it: rotate the master key afterwards. Throws KeyFault as `open` does.
 */
export async function lockKeys(path: string, passphrase: string): Promise<number> {
  const sealed = await readOwn(join(path, identityName));
  const identity = sealed === null ? await makeIdentity(path, passphrase) : await opened(sealed, passphrase);
  const names = await inClear(path);
  for (const name of names) {
    const text = await readOwn(join(path, name));
    if (text === null) continue;
    await writeDurably(join(path, name), await sealedFor(identity, text), { mode: 0o600, replace: true });
  }
  return names.length;
}

/** Puts a locked folder under another passphrase. Throws KeyFault as `open` does. */
export async function changePassphrase(path: string, passphrase: string, next: string): Promise<void> {
  const sealed = await readOwn(join(path, identityName));
  if (sealed === null) throw new KeyFault("key_folder_in_clear", `${path} is not locked: run tillwatch keys lock`);
  const identity = await opened(sealed, passphrase);
  await writeDurably(join(path, identityName), await underPassphrase(identity, next), { mode: 0o600, replace: true });
}

async function makeIdentity(path: string, passphrase: string): Promise<string> {
  const sealed = await underPassphrase(await generateX25519Identity(), passphrase);
  try {
    await writeDurably(join(path, identityName), sealed, { mode: 0o600, replace: false });
  } catch (fault) {
    if (!isTaken(fault)) throw fault;
  }
  const made = await readOwn(join(path, identityName));
  if (made === null)
    throw new KeyFault("key_file_unreadable", `${join(path, identityName)} vanished while it was made`);
  return opened(made, passphrase);
}

async function underPassphrase(identity: string, passphrase: string): Promise<string> {
  if (passphrase.length < passphraseCharsMin) {
    throw new KeyFault(
      "key_passphrase_weak",
      `the passphrase of the keys has fewer than ${passphraseCharsMin} characters; take a longer one`,
    );
  }
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  return `${armor.encode(await encrypter.encrypt(`${identity}\n`)).trim()}\n`;
}

async function opened(sealed: string, passphrase: string): Promise<string> {
  try {
    const decrypter = new Decrypter();
    decrypter.addPassphrase(passphrase);
    return (await decrypter.decrypt(armor.decode(sealed), "text")).trim();
  } catch (fault) {
    throw new KeyFault("key_passphrase_wrong", `the passphrase does not open ${identityName} of the keys`, fault);
  }
}

async function sealedFor(identity: string, text: string): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  return `${armor.encode(await encrypter.encrypt(text)).trim()}\n`;
}

/** Names of the secrets that anybody could read who has the folder. */
async function inClear(path: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (!entry.isFile() || entry.name === identityName || entry.name.endsWith(".pem")) continue;
    const text = await readOwn(join(path, entry.name));
    if (text !== null && !text.startsWith(lockedHead)) names.push(entry.name);
  }
  return names.sort();
}

/** A file that only its owner may read; null where it is absent. */
async function readOwn(path: string): Promise<string | null> {
  let mode: number;
  let text: string;
  try {
    mode = (await stat(path)).mode;
    text = await readFile(path, "utf8");
  } catch (fault) {
    if (fault instanceof Error && "code" in fault && fault.code === "ENOENT") return null;
    throw new KeyFault("key_file_unreadable", `${path} cannot be read`, fault);
  }
  if ((mode & 0o077) === 0) return text;
  throw new KeyFault(
    "key_file_exposed",
    `${path} can be read by others (mode ${(mode & 0o777).toString(8)}); chmod 600 it`,
  );
}

function isTaken(fault: unknown): boolean {
  return fault instanceof Error && "code" in fault && fault.code === "EEXIST";
}
