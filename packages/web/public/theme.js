// Runs before the first paint, so that a chosen theme never flashes the other one. A file of its own: inline scripts are refused.
try {
  const chosen = localStorage.getItem("tillwatch.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be refused; the system's preference decides then.
}
