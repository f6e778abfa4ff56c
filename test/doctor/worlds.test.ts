import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { isCommand } from '../../doctor/checks/commands.ts';
import { CHECKS } from '../../doctor/checks/index.ts';
import type { Finding } from '../../doctor/judge/report-schema.ts';
import { sayMissing, type Missing } from '../contract/emulator-process.ts';
import { ROOT } from '../support/run-cli.ts';
import { namesOf, Scene, startSite, type Site } from './site.ts';
import { CAUSES } from './cause-worlds.ts';
import { SYMPTOMS, type World } from './worlds.ts';

const WORLDS = [...SYMPTOMS, ...CAUSES];

/** Checks without a world, with the reason. */
const ON_SNAPSHOTS = 'doctor/checks/incidents.test.ts breaks and repairs snapshots';
const WITHOUT_WORLD: Readonly<Record<string, string>> = {
  PID407: 'It is about roles that cannot be read, so other checks are not made.',
  PID409: 'The emulator has no API of AWS Organizations.',
  PID508: 'The clusters have IPv4.',
  PID613: ON_SNAPSHOTS,
  PID808: ON_SNAPSHOTS,
};

/** Checks whose command has no effect here: the emulated add-on has no hybrid DaemonSet. */
const WITHOUT_EFFECT: readonly string[] = ['PID307'];

/** Checks whose repairs are commands. */
const PASTED = [
  ...['PID101', 'PID107', 'PID202', 'PID301', 'PID302', 'PID303', 'PID307', 'PID401', 'PID402', 'PID403', 'PID404'],
  ...['PID601', 'PID602', 'PID603', 'PID605', 'PID607', 'PID608', 'PID609', 'PID611', 'PID702', 'PID803'],
  ...['PID204', 'PID405', 'PID612', 'PID807'],
];

/** Clusters in use at once, because the collector waits for its rate limits. */
const LANES = 4;

interface Outcome {
  readonly expected: readonly string[];
  readonly broken: readonly string[];
  /** The findings after the commands of the repairs, and of further repairs, were pasted; undefined without a command. */
  readonly pasted?: readonly string[];
  readonly repaired: readonly string[];
}

async function outcomeOf(site: Site, { make, check }: World, namespace: string): Promise<Outcome> {
  const scene = await Scene.open(site, namespace);
  try {
    const { findings, repair } = await make(scene);
    const broken = await site.diagnosis();
    const commands = commandsOf(broken);
    const pasted = commands.length > 0 && bin !== undefined ? await pasteAll(site, commands) : undefined;
    await repair();
    return {
      expected: findings.map((one) => `${check} ${one}`).sort(),
      broken: namesOf(broken),
      ...(pasted && { pasted }),
      repaired: await site.findings(),
    };
  } finally {
    await scene.close();
  }
}

const commandsOf = (findings: readonly Finding[]): readonly string[] =>
  [...new Set(findings.map(({ repair }) => repair))].filter(isCommand);

const { contractTools } = (await import(pathToFileURL(join(ROOT, 'test', 'contract', 'tools.js')).href)) as {
  readonly contractTools: () => { readonly bin: string } | Missing;
};
const tools = contractTools();
if ('missing' in tools) sayMissing(tools);
const bin = 'bin' in tools ? tools.bin : undefined;

/** Runs commands as a user pastes them, with the AWS CLI and kubectl. Then repairs what these repairs leave, such as older pods. */
async function pasteAll(site: Site, commands: readonly string[]): Promise<readonly string[]> {
  const { accessKeyId, secretAccessKey } = site.emulator.administrator;
  const env = {
    PATH: [bin, process.env['PATH']].join(delimiter),
    HOME: dirname(site.kubeconfig),
    KUBECONFIG: site.kubeconfig,
    AWS_ENDPOINT_URL: site.emulator.endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_PAGER: '',
  };
  let [next, left]: [readonly string[], readonly Finding[]] = [commands, []];
  for (let round = 0; round < 3 && next.length > 0; round += 1) {
    for (const command of next) await promisify(execFile)('bash', ['-o', 'pipefail', '-c', command], { env });
    const done = new Set(next);
    await site.agentIs('ACTIVE');
    // Controllers replace pods after the command.
    for (let attempt = 0; attempt < 10 && next.some((command) => done.has(command)); attempt += 1) {
      await sleep(attempt * 100);
      left = await site.diagnosis();
      next = commandsOf(left);
    }
  }
  return namesOf(left);
}

async function healthy(site: Site): Promise<readonly string[]> {
  const scene = await Scene.open(site, 'healthy');
  await scene.podIdentity();
  // Auto Mode contains an agent, so there is no pod of it.
  await scene.node('auto', { 'eks.amazonaws.com/compute-type': 'auto' });
  await scene.pod('on-auto-mode', { nodeName: 'auto' });
  const findings = await site.findings();
  await scene.close();
  return findings;
}

describe('the checks of doctor on embedded clusters', () => {
  let sites: readonly Site[] = [];
  let none: Promise<readonly string[]>;
  const outcomes: Promise<Outcome>[] = [];
  before(async () => {
    sites = await Promise.all(Array.from({ length: LANES }, startSite));
    none = healthy(sites[0]!);
    for (const [index, world] of WORLDS.entries()) {
      const previous = Promise.allSettled([none, outcomes[index - LANES]]);
      const namespace = `${world.check.toLowerCase()}-${index}`;
      outcomes.push(previous.then(() => outcomeOf(sites[index % LANES]!, world, namespace)));
    }
    // Each test reports its own failure.
    void Promise.allSettled(outcomes);
  });
  after(async () => {
    await Promise.allSettled(outcomes);
    await Promise.all(sites.map((site) => site.close()));
  });

  it('find nothing on a healthy cluster', async () => {
    expect(await none).to.deep.equal([]);
  });

  for (const [index, { check, title }] of WORLDS.entries())
    it(`${check}: find ${title}, and nothing after its repair`, async () => {
      const { expected, broken, pasted = [], repaired } = await outcomes[index]!;
      expect(broken).to.deep.equal(expected);
      const left = pasted.filter((one) => expected.includes(one));
      expect(WITHOUT_EFFECT.includes(check) ? [] : left).to.deep.equal([]);
      expect(repaired).to.deep.equal([]);
    });

  it('have repairs that can be pasted, for the checks whose repair needs nothing that only people know', async () => {
    const pasted = await Promise.all(
      WORLDS.map(async ({ check }, index) => ((await outcomes[index]!).pasted ? check : [])),
    );
    expect([...new Set(pasted.flat())]).to.deep.equal(bin === undefined ? [] : PASTED);
  });

  it('each have a world or a reason why not', () => {
    const worlds = new Set<string>(WORLDS.map(({ check }) => check));
    const ids = CHECKS.map(({ id }) => id);
    expect(ids.filter((id) => !worlds.has(id))).to.deep.equal(Object.keys(WITHOUT_WORLD));
    expect([...worlds].filter((id) => !ids.includes(id as `PID${number}`))).to.deep.equal([]);
  });
});
