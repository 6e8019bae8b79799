/** Connections that stand on a credential, so that they end with it. */
export class OpenConnections {
  readonly #byCredential = new Map<string, Set<() => void>>();

  /** Registers how to close a connection; the answer forgets it again. */
  add(credentialId: string, close: () => void): () => void {
    const open = this.#byCredential.get(credentialId) ?? new Set();
    this.#byCredential.set(credentialId, open);
    open.add(close);
    return () => {
      open.delete(close);
      if (open.size === 0 && this.#byCredential.get(credentialId) === open) this.#byCredential.delete(credentialId);
    };
  }

  get credentialIds(): readonly string[] {
    return [...this.#byCredential.keys()];
  }

  /** Closes what stands on these; answers how many connections there were. */
  close(credentialIds: readonly string[]): number {
    let closed = 0;
    for (const id of credentialIds) {
      const open = this.#byCredential.get(id);
      this.#byCredential.delete(id);
      for (const close of open ?? []) {
        close();
        closed += 1;
      }
    }
    return closed;
  }
}
