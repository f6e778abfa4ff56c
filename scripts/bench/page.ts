/**
 * Measures the HTML page of a run of 500 scenarios in a Chromium: its size, how long it takes to open, and to filter by each letter that
 * is typed. `node --import=tsx scripts/bench/page.ts reports/<run>/results.json`, of a run with many scenarios.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { readRun } from '../../harness/results/read-results.ts';
import { pageHtml } from '../../harness/report/page.ts';
import type { ScenarioResult } from '../../harness/results/results.ts';

const SCENARIOS = 500;
const TIMES = 5;

const { results } = readRun(process.argv[2] ?? 'results.json');
const { length } = results.scenarios;
const scenarios = Array.from({ length: SCENARIOS }, (_, index) =>
  index < length ? results.scenarios[index]! : another(results.scenarios[index % length]!, index),
);
const folder = mkdtempSync(join(tmpdir(), 'conformance-page-'));
const file = join(folder, 'report.html');
writeFileSync(file, pageHtml({ runs: [{ ...results, scenarios }] }));
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  process.stdout.write(`size ${(readFileSync(file).length / 1e6).toFixed(2)} MB\n`);
  for (let time = 0; time < TIMES; time += 1) process.stdout.write(`${await measured()}\n`);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}

/** A scenario under another id, with names and ids of its own, as a run gives them: what is alike is packed once. */
function another(scenario: ScenarioResult, index: number): ScenarioResult {
  const mixed = (hex: string): string => ((parseInt(hex, 16) ^ index) >>> 0).toString(16).padStart(8, '0');
  const text = JSON.stringify(scenario)
    .replaceAll(scenario.id, `ZZ-${index}`)
    .replaceAll(scenario.id.toLowerCase(), `zz-${index}`)
    .replaceAll(/[0-9a-f]{8}(?=-[0-9a-f]{4})/g, mixed);
  return JSON.parse(text) as ScenarioResult;
}

async function measured(): Promise<string> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const started = performance.now();
  await page.goto(`${pathToFileURL(file).href}#scenarios`);
  await page.locator('.rows a').first().waitFor();
  const open = performance.now() - started;
  const filter = await page.evaluate<number[]>(`(async () => {
    const input = document.querySelector('input[type=search]');
    const times = [];
    for (const text of ['t', 'ta', 'tag', 'tag s', '']) {
      const started = performance.now();
      input.value = text;
      input.dispatchEvent(new Event('input', { bubbles: true }));
      await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
      times.push(performance.now() - started);
    }
    return times;
  })()`);
  await page.close();
  return `open ${open.toFixed(0)} ms, filter ${filter.map((time) => time.toFixed(0)).join(', ')} ms`;
}
