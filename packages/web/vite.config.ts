import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env["TILLWATCH_DEV_SERVER"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // No inlined assets: the page's content security policy allows its own origin and nothing else.
  build: {
    outDir: "dist",
    target: "es2023",
    assetsInlineLimit: 0,
    sourcemap: false,
    modulePreload: { polyfill: false },
  },
  server: {
    port: 5173,
    proxy: { "/api": server, "/log": server, "/take": server, "/openapi.json": server, "/readyz": server },
  },
});
