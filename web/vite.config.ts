import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** In development, serve the two pages at the addresses the real server gives them. */
function pageRoutes(): Plugin {
  return {
    name: "invigil-page-routes",
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const path = request.url?.split("?")[0] ?? "";
        if (path.startsWith("/join/")) request.url = "/candidate.html";
        else if (path.startsWith("/sessions/") || path === "/proctor-invite") request.url = "/index.html";
        next();
      });
    },
  };
}

export default defineConfig({
  // The server puts a fresh one into every page that it hands out.
  html: { cspNonce: "__CSP_NONCE__" },
  plugins: [react(), pageRoutes()],
  build: {
    outDir: "../src/invigil/static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The largest piece is the client of LiveKit, which only pages of its sessions load.
    chunkSizeWarningLimit: 600,
    rollupOptions: { input: ["index.html", "candidate.html"] },
  },
  worker: { format: "es" },
  server: {
    proxy: { "/api": { target: "http://127.0.0.1:8000", ws: true, changeOrigin: false } },
  },
  test: {
    environment: "happy-dom",
    setupFiles: ["tests/setup.ts"],
    include: ["tests/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
