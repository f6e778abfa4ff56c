import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { pageHtml } from '../../harness/report/page.ts';
import { writeWhole } from '../../harness/report/write.ts';
import { summarize } from '../../harness/results/results.ts';
import { aBrowser, SCREENSHOTS, violationsOf } from '../support/browser.ts';
import { ROOT, runConformance, temporaryFolder, type CliRun } from '../support/run-cli.ts';
import { aResult, anOutcome, someResults } from '../support/scenarios.ts';
import { expectNoSecrets } from '../support/secrets.ts';

const SCENARIOS = ['PI-01', 'PI-02', 'PI-10', 'AB-01', 'AB-03', 'AB-05', 'AB-10', 'IR-02', 'AP-02', 'WH-01'];

/** Tests pages of real runs, one with a fault in which EKS Auth drops session tags, and one without. */
describe('HTML page of a run', () => {
  let faulty: CliRun;
  let sound: CliRun;
  const { open } = aBrowser();
  const pageOf = ({ reportDirectory }: CliRun): string => join(reportDirectory, 'report.html');

  before(async () => {
    // Retries: on a busy machine, a verdict may be an error.
    const args = ['--scenario', SCENARIOS.join(), '--quiet', '--retries', '4'];
    faulty = await runConformance({ args: [...args, '--fault', 'eks-auth-drops-session-tags'] });
    sound = await runConformance({ args });
    expect([faulty.exitCode, sound.exitCode], faulty.stderr + sound.stderr).to.deep.equal([1, 0]);
  });

  it('starts with the outcome and the unexpected verdicts', async () => {
    const page = await open(pageOf(faulty));
    expect(await page.locator('h1').innerText()).to.contain('Does not conform');
    const { summary, run } = faulty.results!;
    expect(await page.locator('.counts').innerText())
      .to.contain(`${summary.failed} `)
      .and.to.contain('failed');
    expect(await page.locator('.conclusion').innerText()).to.contain(run.id);
    const wrong = faulty.results!.scenarios.filter(({ verdict }) => verdict !== 'passed').map(({ id }) => id);
    expect(await page.locator('.cards b').allInnerTexts()).to.deep.equal(wrong);
    const judged = page.getByRole('complementary');
    expect(await judged.innerText()).to.contain('eks-auth-drops-session-tags');
    await judged.getByText('digests').click();
    expect(await judged.innerText()).to.contain(Object.values(faulty.results!.environment.digests)[1]);
    await page.screenshot({ path: join(SCREENSHOTS, 'overview.png') });

    const good = await open(pageOf(sound));
    expect(await good.locator('h1').innerText()).to.contain('Conforms');
    expect(await good.locator('.findings').innerText()).to.contain('AB-03');
  });

  it('filters by words, verdict, suite and layer, and keeps the filter in the URL', async () => {
    const page = await open(pageOf(faulty), '#scenarios');
    const ids = (): Promise<string[]> => page.locator('.rows b').allInnerTexts();
    const all = faulty.results!.scenarios;
    expect(await ids()).to.have.members(all.map(({ id }) => id));
    await page.getByRole('searchbox').fill('namespace tag');
    expect(await ids())
      .to.include('AB-01')
      .and.not.include('IR-02');
    expect(await page.getByRole('status').innerText()).to.match(/^\d of 10 scenarios$/);
    await page.getByRole('searchbox').fill('');
    await page.getByRole('button', { name: /failed/ }).click();
    expect(await ids()).to.have.members(all.filter(({ verdict }) => verdict === 'failed').map(({ id }) => id));
    expect(new URL(page.url()).hash).to.equal('#scenarios?verdict=failed');
    await page.getByRole('button', { name: /failed/ }).click();
    await page.getByLabel('Suite').selectOption('irsa');
    expect(await ids()).to.deep.equal(['IR-02']);
    await page.getByLabel('Suite').selectOption('');
    await page.getByLabel('Stopped at').selectOption('injection');
    expect(await ids())
      .to.include('PI-02')
      .and.not.include('PI-01');

    const shared = await open(pageOf(faulty), '#scenarios?q=object&verdict=failed&sort=slowest');
    const durations = new Map(
      all.map(({ id, durations: { arranging, probing, teardown } }) => [id, arranging + probing + teardown]),
    );
    const shown = await shared.locator('.rows b').allInnerTexts();
    expect(shown).to.include('AB-05');
    expect(shown).to.deep.equal([...shown].sort((a, b) => durations.get(b)! - durations.get(a)!));
  });

  it('opens the scenario and probe in the URL', async () => {
    const page = await open(pageOf(faulty), '#AB-05');
    const { title } = faulty.results!.scenarios.find(({ id }) => id === 'AB-05')!;
    expect(await page.locator('#chosen').innerText()).to.contain(`AB-05 ${title}`);
    expect(await page.locator('.detail .meta').innerText()).to.contain(
      'npm run conformance -- --scenario AB-05 --fault eks-auth-drops-session-tags',
    );
    const probe = await open(pageOf(sound), '#AB-01/2');
    expect(await probe.locator('details.probe').nth(1).getAttribute('open')).not.to.equal(null);
    const none = await open(pageOf(faulty), '#ZZ-99');
    expect(await none.locator('.detail').innerText()).to.equal('Scenario ZZ-99 is not in this run.');
  });

  it('shows the path of a request, the layer at which it stopped, and its calls', async () => {
    const page = await open(pageOf(faulty), '#AB-05/1');
    const hops = page.locator('details.probe').first().locator('.path li');
    expect(await hops.locator('b').allInnerTexts()).to.deep.equal([
      'Pod',
      'Injection',
      'Agent',
      'EKS Auth',
      'STS',
      'S3',
    ]);
    expect(await hops.last().innerText())
      .to.contain('stopped here')
      .and.to.contain('403 AccessDenied');
    const calls = page.locator('details.probe').first().locator('.calls tbody tr');
    expect(await calls.locator('b').allInnerTexts()).to.deep.equal([
      'AssumeRoleForPodIdentity',
      'GetCallerIdentity',
      'GetObject',
    ]);

    const refused = await open(pageOf(faulty), '#PI-02/1');
    const states = await refused.locator('details.probe').first().locator('.path li').allInnerTexts();
    expect(states[1]).to.contain('Injection').and.to.contain('stopped here');
    expect(states.slice(2).every((text) => text.includes('not reached'))).to.equal(true);
    const web = await open(pageOf(sound), '#IR-02/1');
    const layers = await web.locator('details.probe').first().locator('.path b').allInnerTexts();
    expect(layers.slice(0, 3)).to.deep.equal(['Pod', 'Injection', 'STS']);
  });

  it('marks the deciding statement in the policy, and the compared values', async () => {
    const page = await open(pageOf(faulty), '#AB-05/1');
    const policy = page.locator('details.probe').first().locator('details.policy[open] pre').last();
    expect(await policy.innerText()).to.contain('"s3:ExistingObjectTag/kubernetes-namespace"');
    const compared = (await policy.locator('.decided .compared').allInnerTexts()).map((text) => text.trim());
    expect(compared[0]).to.equal('✓ matches s3:GetObject');
    expect(compared.at(-1)).to.match(/^✕ does not match "ab-05-app-/);
    expect(await policy.locator('.tag').innerText()).to.contain('closest statement');
    await page.screenshot({ path: join(SCREENSHOTS, 'scenario.png'), fullPage: true });

    const denied = await open(pageOf(sound), '#AB-10/2');
    expect(await denied.locator('.decided.failed .tag').first().innerText()).to.contain('decided: denies');
    const granted = await open(pageOf(sound), '#PI-01/1');
    expect(await granted.locator('.decided.passed .tag').last().textContent()).to.contain('decided: allows');
  });

  it('can be used with the keyboard', async () => {
    const page = await open(pageOf(faulty), '#scenarios');
    const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent');
    await page.keyboard.press('Tab');
    expect(await focused()).to.equal('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.tagName')).to.equal('MAIN');
    await page.getByRole('searchbox').focus();
    await page.keyboard.press('ArrowDown');
    const first = await focused();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    expect(await focused()).not.to.equal(first);
    await page.keyboard.press('Home');
    expect(await focused()).to.equal(first);
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.locator('#chosen:focus').waitFor();
  });

  it('moves the focus to the search when / is pressed, and types / in a field', async () => {
    const page = await open(pageOf(faulty));
    await page.keyboard.press('/');
    await page.locator('[type=search]:focus').waitFor();
    await page.keyboard.type('a/b');
    expect(await page.getByRole('searchbox').inputValue()).to.equal('a/b');
  });

  it('breaks no name of a call, code or service in the path of a request', async () => {
    const page = await open(pageOf(faulty), '#AB-05/1', { width: 1280 });
    const broken = await page.evaluate(`(() => {
      const texts = document.createTreeWalker(document.querySelector('.path'), NodeFilter.SHOW_TEXT);
      const words = [];
      while (texts.nextNode()) {
        const node = texts.currentNode;
        for (const { index, 0: word } of node.data.matchAll(/[A-Za-z]+/g)) {
          const range = document.createRange();
          range.setStart(node, index);
          range.setEnd(node, index + word.length);
          if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) words.push(word);
        }
      }
      return words;
    })()`);
    expect(broken).to.deep.equal([]);
  });

  it('shows a timeline and the slowest scenarios', async () => {
    const page = await open(pageOf(faulty), '#timeline');
    const bars = await page.evaluate<string[]>(
      `[...document.querySelectorAll('.bar[data-id]')].map((bar) => bar.dataset.id)`,
    );
    expect(new Set(bars)).to.deep.equal(new Set(SCENARIOS));
    expect(await page.locator('.bar.probing').count()).to.equal(SCENARIOS.length);
    expect(await page.locator('tbody tr').count()).to.equal(SCENARIOS.length);
    await page.screenshot({ path: join(SCREENSHOTS, 'timeline.png') });
    await page.locator('.bar.probing').first().click();
    await page.locator('#chosen').waitFor();
  });

  describe('with several clients', () => {
    const hash = '#clients';
    let clients: CliRun;
    before(async () => {
      const args = ['--client', 'javascript,raw', '--scenario', 'CL-01,CL-07,CL-40', '--quiet', '--retries', '4'];
      clients = await runConformance({ args: [...args, '--fault', 'client-gives-up-at-500'] });
      expect(clients.exitCode, clients.stderr).to.equal(1);
    });

    it('starts with scenarios in which clients differ, and links to each result', async () => {
      const page = await open(pageOf(clients), hash);
      const [differing, same] = await page.locator('section:has(> h2)').all();
      expect(await differing!.locator('h2').innerText()).to.equal('Clients differ in 1 scenario');
      const heads = await differing!.locator('thead th').allInnerTexts();
      expect(heads.map((text) => text.split(' ')[0])).to.deep.equal(['Scenario', 'javascript', 'raw']);
      expect(await differing!.locator('tbody th').allInnerTexts()).to.have.length(1);
      expect(await differing!.locator('tbody tr').innerText())
        .to.match(/^CL-40 /)
        .and.to.contain('failed');
      expect((await same!.locator('tbody th').allInnerTexts()).map((text) => text.split(' ')[0])).to.deep.equal([
        'CL-01',
        'CL-07',
      ]);
      await page.screenshot({ path: join(SCREENSHOTS, 'clients.png') });
      await differing!.locator('tbody a').last().click();
      await page.locator('#chosen', { hasText: 'CL-40.raw' }).waitFor();
    });

    it('has no clients view for a single client', async () => {
      const page = await open(pageOf(sound));
      expect(await page.getByRole('link', { name: /^Clients/ }).count()).to.equal(0);
      const several = await open(pageOf(clients));
      expect(await several.getByRole('link', { name: /^Clients/ }).count()).to.equal(1);
    });

    for (const [scheme, width] of [
      ['light', 1400],
      ['dark', 380],
    ] as const)
      it(`is accessible, ${scheme}, ${width} px wide`, async () => {
        const page = await open(pageOf(clients), hash, { scheme, width });
        expect(await violationsOf(page)).to.deep.equal([]);
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).to.be.at.most(0);
      });
  });

  it('prints unexpected scenarios in full', async () => {
    const page = await open(pageOf(faulty), '', { media: 'print' });
    const wrong = faulty.results!.scenarios.filter(({ verdict }) => verdict !== 'passed');
    expect(await page.locator('.in-full').count()).to.equal(wrong.length);
    expect(await page.locator('.in-full details.probe[open] .path').first().isVisible()).to.equal(true);
    expect(await page.locator('.views').isVisible()).to.equal(false);
    await page.pdf({ path: join(SCREENSHOTS, 'report.pdf'), format: 'A4' });
  });

  it('shows two runs side by side, with the differences from compare', async () => {
    const output = join(temporaryFolder(), 'both.html');
    const made = await runConformance({
      command: 'report',
      args: [pageOf(sound).replace('report.html', 'results.json'), faulty.reportDirectory, '--output', output],
      reports: 'own',
    });
    expect(made.exitCode, made.stderr).to.equal(0);
    const page = await open(output, '#comparison');
    expect(await page.locator('h1').allInnerTexts()).to.have.length(2);
    const differing = await page.locator('.comparison h2 a').allInnerTexts();
    expect(differing).to.include('AB-05').and.not.include('IR-02');
    await page.screenshot({ path: join(SCREENSHOTS, 'comparison.png') });
    await page.locator('.comparison h2 a', { hasText: 'AB-05' }).click();
    await page.locator('#chosen').waitFor();
    expect(await page.locator('.sides h3').allInnerTexts()).to.deep.equal([
      `Run A: ${sound.results!.run.id}`,
      `Run B: ${faulty.results!.run.id}`,
    ]);
    expect(await page.locator('.detail table').first().innerText())
      .to.contain('passed')
      .and.to.contain('failed');
    expect(await violationsOf(page)).to.deep.equal([]);
  });

  it('escapes texts', async () => {
    const title = '</script><script>document.title="changed"</script> \u2028 $& <b>bold</b>';
    const scenarios = [aResult({ title, finding: title, probes: [anOutcome({ operation: title })] })];
    const file = join(temporaryFolder(), 'hostile.html');
    writeWhole(file, pageHtml({ runs: [someResults(scenarios, summarize(scenarios))] }));
    const page = await open(file, '#AB-01');
    expect(await page.locator('#chosen').textContent()).to.equal(`AB-01 ${title}`);
    expect(await page.title()).to.equal('Conformance run cabcdef');
  });

  it('shows which parts of policies the run tests, and which wrong versions survive', async () => {
    const { reportDirectory, results } = await runConformance({
      args: ['--suites-dir', join(ROOT, 'examples', 'my-suites'), '--scenario', 'PAY-01', '--quiet'],
    });
    const page = await open(join(reportDirectory, 'report.html'), '#policies');
    expect(await page.locator('h2').innerText()).to.equal(`Policy coverage: ${results!.policyCoverage!.percent} %`);
    const trust = page.locator('details', { hasText: 'ledger-trust.json' });
    expect(await trust.locator('.line', { hasText: 'kubernetes-namespace' }).innerText()).to.contain('▲ not tested');
    expect(await page.locator('details', { hasText: 'ledger-permissions.json' }).innerText()).to.contain('all tested');

    const file = join(temporaryFolder(), 'loosen.html');
    const change = {
      id: '1',
      file: 'a.json',
      line: 7,
      operator: 'drop-condition',
      direction: 'looser',
      by: 'replay',
    } as const;
    const survivor = {
      ...change,
      state: 'survived',
      change: 'the condition is dropped',
      sentence: 'every pod gets it',
    } as const;
    const code = { probes: ["refused('other', fetchCredentials())"] };
    const changes = [
      { ...change, state: 'killed', change: 'the action is widened' } as const,
      { ...survivor, addTo: 'PAY-01', code },
    ];
    writeWhole(file, pageHtml({ runs: [results!], loosening: { score: 50, changes } }));
    const loosened = await open(file, '#policies');
    expect(await loosened.locator('main').innerText())
      .to.contain('score 50 %')
      .and.to.contain('a.json:7 the condition is dropped')
      .and.to.contain('Every pod gets it.')
      .and.to.contain("probes: refused('other', fetchCredentials()),")
      .and.not.to.contain('the action is widened');
    expect(await violationsOf(loosened)).to.deep.equal([]);
    expect(await violationsOf(page)).to.deep.equal([]);
  });

  it('contains no secrets and no URLs of other resources', () => {
    for (const run of [faulty, sound]) {
      expectNoSecrets(run);
      const html = readFileSync(pageOf(run), 'utf8');
      expect(html).to.match(/http-equiv="Content-Security-Policy" content="default-src 'none';/);
      expect(html).not.to.match(/<(?:script|img|iframe)[^>]* src=|<link[^>]* href="(?!data:)/);
    }
  });

  describe('has no accessibility violations (axe-core)', () => {
    for (const hash of ['', '#scenarios', '#AB-05', '#timeline'])
      for (const scheme of ['light', 'dark'] as const)
        for (const width of [1400, 380])
          it(`at ${hash || 'the top'}, ${scheme}, ${width} px wide`, async () => {
            const page = await open(pageOf(faulty), hash, { scheme, width });
            const name = `${hash.slice(1).replaceAll(/\W+/g, '-') || 'overview'}-${scheme}-${width}`;
            await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
            expect(await violationsOf(page)).to.deep.equal([]);
            // The page must not be wider than the screen.
            expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).to.be.at.most(0);
          });
  });
});
