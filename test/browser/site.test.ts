import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { aBrowser, SCREENSHOTS, violationsOf } from '../support/browser.ts';
import { ROOT } from '../support/run-cli.ts';

const SITE = join(ROOT, 'docs', 'site', 'dist');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

/** Serves the site as hosts of static files do that support addresses without `.html`. */
const serve = (): Server =>
  createServer(({ url = '/' }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    const file = [path, `${path}.html`, join(path, 'index.html')].find(
      (name) => extname(name) && existsSync(join(SITE, name)),
    );
    response.writeHead(file === undefined ? 404 : 200, {
      'content-type': TYPES[extname(file ?? '')] ?? 'application/octet-stream',
    });
    response.end(file === undefined ? '' : readFileSync(join(SITE, file)));
  }).listen(0, '127.0.0.1');

describe('site of the documentation', () => {
  const { open } = aBrowser();
  let server: Server;
  let address: string;
  before(async () => {
    await execa('npm', ['run', '--silent', 'docs'], { cwd: ROOT });
    server = serve();
    await once(server, 'listening');
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server?.close());

  it('starts with the two commands', async () => {
    const page = await open(`${address}/`);
    expect(await page.locator('main').innerText()).to.contain('npm ci && npm run conformance');
    await page.screenshot({ path: join(SCREENSHOTS, 'site.png') });
  });

  it('finds the page of a check by its words', async () => {
    const page = await open(`${address}/`);
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('searchbox').fill('pod is older than its association');
    await page.locator('.result').first().click();
    await page.waitForURL(/doctor-checks#pid301/);
    expect(await page.locator('main').innerText()).to.contain('PID301');
  });

  for (const [question, answer] of [
    ['aws permissions needed', 'versions#aws-permissions-needed'],
    ['timeout', 'versions#timeouts'],
    ['telemetry', 'versions#telemetry'],
    ['upgrade', 'versions#upgrade'],
  ] as const)
    it(`finds "${question}" first, after the key /`, async () => {
      const page = await open(`${address}/guide`);
      await page.getByRole('button', { name: 'Search' }).waitFor();
      await page.keyboard.press('/');
      await page.getByRole('searchbox').fill(question);
      await page.locator('.result').first().click();
      await page.waitForURL(`${address}/${answer}`);
    });

  it('has the migration and pull requests in the sidebar', async () => {
    const page = await open(`${address}/guide`);
    const links = await page.evaluate("[...document.querySelectorAll('.VPSidebar a')].map(({ pathname }) => pathname)");
    expect(links).to.include.members(['/migration', '/no-new-access', '/versions']);
  });

  for (const width of [1280, 390])
    it(`cuts no line of a code block at ${width} px`, async () => {
      for (const name of ['', 'doctor', 'ci', 'migration']) {
        const page = await open(`${address}/${name}`, '', { width });
        const hidden = "[...document.querySelectorAll('.vp-doc pre')].map((one) => one.scrollWidth - one.clientWidth)";
        expect(Math.max(...(await page.evaluate<number[]>(hidden))), name).to.equal(0);
      }
    });

  it('lists every scenario of the suites', async () => {
    const page = await open(`${address}/scenario-list`);
    expect(await page.getByText('AB-01', { exact: true }).count()).to.equal(1);
  });

  for (const name of ['', 'doctor-checks', 'command-line'])
    it(`page /${name} has no serious accessibility violations (axe-core)`, async () => {
      const violations = await violationsOf(await open(`${address}/${name}`));
      // Colors, landmarks and the search button are the theme's.
      expect(
        violations.filter((one) => !/^(color-contrast|label-content|region|landmark|scrollable-region)/.test(one)),
      ).to.deep.equal([]);
    });
});
