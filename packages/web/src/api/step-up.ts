/** Who asks the person for a fresh proof: the dialog of the application. True: it was given. */
type Asker = () => Promise<boolean>;

let asker: Asker | null = null;
let asking: Promise<boolean> | null = null;

/** Answers how to take it back. */
export function setStepUpAsker(next: Asker): () => void {
  asker = next;
  return () => {
    if (asker === next) asker = null;
  };
}

/** Asks once however many requests wait for the answer. False where nobody can ask. */
export function askStepUp(): Promise<boolean> {
  if (asker === null) return Promise.resolve(false);
  asking ??= asker().finally(() => {
    asking = null;
  });
  return asking;
}
