// Starts Debian's Chromium for the tests, with WebGL drawn by the processor.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = join(fileURLToPath(new URL('.', import.meta.url)), '../..');

/** Where screenshots are left to be looked at. */
export const pictures = join(root, 'test-output/web');

const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
];

/** The browser's program: $CHROMIUM, or where Debian puts it. */
function programOf() {
  const names = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'];
  const found = names.find((name) => name && existsSync(name));
  if (!found) throw new Error('no Chromium: install the Debian package chromium, or set $CHROMIUM');
  return found;
}

/** A browser with a profile of its own; `close()` ends it and removes the profile. */
export async function openBrowser() {
  const profile = mkdtempSync(join(tmpdir(), 'dosi-web-'));
  mkdirSync(pictures, { recursive: true });
  const browser = await chromium.launch({
    executablePath: programOf(),
    headless: true,
    args: FLAGS,
    env: { ...process.env, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
  });
  return {
    browser,
    close: async () => {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
