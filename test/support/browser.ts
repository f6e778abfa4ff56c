import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { chromium, type Browser, type Page } from 'playwright-core';
import { ROOT } from './run-cli.ts';

/** Paths of Chromium in common packages. */
const PLACES = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Folder of screenshots, for manual inspection. */
export const SCREENSHOTS = join(ROOT, 'reports', 'browser');

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Looks {
  readonly width?: number;
  readonly scheme?: 'light' | 'dark';
  readonly media?: 'print';
}

interface Opened {
  readonly page: Page;
  /** Console errors, and requests to other URLs than the file's or to other servers. */
  readonly complaints: readonly string[];
}

/** Provides a browser for the tests of a `describe` block. Fails if a page had complaints. */
export function aBrowser() {
  let browser: Browser;
  const opened: Opened[] = [];
  before(async () => {
    const executablePath = PLACES.find((path) => path !== undefined && existsSync(path));
    if (executablePath === undefined)
      throw new Error('Chromium is not installed. Run apt-get install chromium, or set CHROMIUM to its path.');
    // Chromium does not support its sandbox as root or in a container.
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    mkdirSync(SCREENSHOTS, { recursive: true });
  });
  after(() => browser?.close());
  afterEach(async () => {
    const pages = opened.splice(0);
    for (const { page } of pages) await page.close();
    expect(pages.flatMap(({ complaints }) => complaints)).to.deep.equal([]);
  });
  return {
    /** Opens a file, or a URL of a server. */
    open: async (file: string, hash = '', { width = 1400, scheme = 'light', media }: Looks = {}): Promise<Page> => {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
      const complaints: string[] = [];
      opened.push({ page, complaints });
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(String(error)));
      const isServed = file.startsWith('http:');
      const pageUrl = isServed ? file : pathToFileURL(file).href;
      const place = isServed ? new URL(file).origin : pageUrl;
      page.on('request', (request) => {
        const url = request.url();
        if (!url.startsWith(place) && !url.startsWith('data:')) complaints.push(`request to ${url}`);
      });
      if (media !== undefined) await page.emulateMedia({ media, colorScheme: scheme });
      await page.goto(`${pageUrl}${hash}`);
      await page.locator('main').waitFor();
      return page;
    },
  };
}

/** Returns the violations that `axe-core` finds, a line for each element. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  return page.evaluate<readonly string[]>(
    `axe.run().then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ' ' + node.target + ': ' + node.failureSummary)))`,
  );
}
