/** Why the installation's secrets cannot be used; the start stops there. */
export class KeyFault extends Error {
  override readonly name = "KeyFault";
  readonly code:
    | "key_file_exposed"
    | "key_file_malformed"
    | "key_file_unreadable"
    | "key_folder_in_clear"
    | "key_master_wrong"
    | "key_passphrase_missing"
    | "key_passphrase_weak"
    | "key_passphrase_wrong"
    | "key_rotation_unfinished";

  constructor(code: KeyFault["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
