/** Hands a text to the person as a download. */
export function saveFile(name: string, text: string): void {
  saveBytes(name, new Blob([text], { type: "application/octet-stream" }));
}

/** Hands bytes to the person as a download. */
export function saveBytes(name: string, bytes: Blob): void {
  const address = URL.createObjectURL(bytes);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // Some browsers read it only after the click returned.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
