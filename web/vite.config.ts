// Builds the browser part into web/dist, which `dosi serve` hands out.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// `DOSI_URL=http://127.0.0.1:8420 npm run dev` develops against a running server.
const server = process.env.DOSI_URL ?? 'http://127.0.0.1:8420';

export default defineConfig({
  plugins: [svelte()],
  build: { target: 'es2022', outDir: 'dist', emptyOutDir: true, chunkSizeWarningLimit: 1200 },
  server: { proxy: { '/api': server, '/ogc': server } },
});
