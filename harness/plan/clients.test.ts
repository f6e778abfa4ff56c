import { expect } from 'chai';
import { ALL_OPERATIONS, OBJECT_OPERATIONS, type Client } from '../../components/clients/client.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { fetchCredentials, getObject, putObject, whoAmI } from '../operations/index.ts';
import type { Scenario, ScenarioSpec, Step } from '../scenario/spec.ts';
import { checkAttempts, chosenClients, withClients, withInstalledClients } from './clients.ts';
import { unmetRequirements } from '../scenario/requirements.ts';

const INSTALLED = { folder: '/kept', command: ['/kept/client'] } as const;
const aClient = (name: string, more: Partial<Client> = {}): Client => ({
  name,
  title: `Client ${name}`,
  versions: { newest: '2.0', minimum: '1.1' },
  operations: ALL_OPERATIONS,
  chain: 'sdk',
  documentation: new URL('https://example.com'),
  install: () => Promise.resolve(INSTALLED),
  ...more,
});
const RED = aClient('red');
const BLUE = aClient('blue');
const probe = (operation: Step extends infer S ? (S extends { operation: infer O } ? O : never) : never): Step => ({
  kind: 'probe',
  workload: 'app',
  operation,
  expectation: { outcome: 'granted', as: 'app' },
  control: false,
});
const scenario = (id: string, ...probes: Step[]): Scenario => {
  const spec: ScenarioSpec = { workloads: { app: {} }, probes };
  return { id, suite: 'own', title: 'a title', file: 'own.ts', spec };
};
/** Returns the property with which a client meets a need. */
const aClientOf = (need: 'sdk-chain' | 'configurable-sts' | 'lasting-client'): object =>
  ({
    'sdk-chain': { chain: 'sdk' },
    'configurable-sts': { stsOfAwsAlone: false },
    'lasting-client': { startsPerOperation: false },
  })[need];
const context = { environment: {}, progress: () => undefined, signal: new AbortController().signal };

describe('the clients of a run', () => {
  it('are the selected ones, each once, at the newest or the given version', () => {
    const summaries = (...names: string[]): string[] =>
      chosenClients(names, [RED, BLUE]).map(({ label, version, ordinal }) => `${ordinal} ${label} ${version}`);
    expect(summaries()).to.deep.equal([]);
    expect(summaries('red')).to.deep.equal(['0 red 2.0']);
    expect(summaries('all', 'red@newest')).to.deep.equal(['0 red 2.0', '1 blue 2.0']);
    expect(summaries('red@1.5', 'blue', 'red@minimum')).to.deep.equal(['0 red-1.5 1.5', '1 blue 2.0', '2 red-1.1 1.1']);
  });

  for (const [name, code, message] of [
    ['rad', 'UNKNOWN_CLIENT', 'Unknown client "rad": did you mean "red"? (see --list-clients)'],
    ['red@', 'BAD_FLAG_VALUE', '--client is "red@". Use a version after the @'],
    ['red@-e .', 'BAD_FLAG_VALUE', '--client is "red@-e ."'],
    ['red@below', 'BAD_FLAG_VALUE', 'no below version of red is documented'],
  ] as const)
    it(`cannot be "${name}"`, () =>
      expect(() => chosenClients([name], [RED, BLUE]))
        .to.throw(HarnessError, message)
        .with.property('code', code));

  it('have separate scenarios, except those without an SDK', () => {
    const scenarios = [scenario('OWN-01', probe(whoAmI())), scenario('OWN-02', probe(fetchCredentials()))];
    const ids = (...names: string[]): string[] =>
      withClients(scenarios, chosenClients(names, [RED, BLUE])).map(({ id, client }) => `${id} ${client?.client.name}`);
    expect(ids()).to.deep.equal(['OWN-01 undefined', 'OWN-02 undefined']);
    expect(ids('blue')).to.deep.equal(['OWN-01 blue', 'OWN-02 undefined']);
    expect(ids('red', 'blue')).to.deep.equal(['OWN-01.red red', 'OWN-01.blue blue', 'OWN-02 undefined']);
  });

  it('have other expectations only where they are documented to differ', () => {
    const expected = { outcome: 'refused', by: 'sts', code: 'Own' } as const;
    const differs = aClient('red', {
      differences: [{ scenario: 'OWN-01', probe: 2, expected, reason: 'it is so', source: 'a page' }],
    });
    const scenarios = [
      scenario('OWN-01', probe(whoAmI()), probe(whoAmI())),
      scenario('OWN-02', probe(whoAmI()), probe(whoAmI())),
    ];
    const [first, other] = withClients(scenarios, chosenClients(['red', 'blue'], [differs, BLUE]));
    expect(first?.spec.probes[0]).to.equal(scenarios[0]?.spec.probes[0]);
    expect(first?.spec.probes[1]).to.deep.include({ expectation: { ...expected, as: 'app' }, differs: 'it is so' });
    expect(other?.spec.probes).to.deep.equal(scenarios[0]?.spec.probes);
  });

  it('are skipped if they do not support an operation of a scenario', () => {
    const simple = aClient('simple', { chain: 'own', operations: OBJECT_OPERATIONS });
    const [asks, reads, through, tagged] = withClients(
      [
        scenario('OWN-01', probe(whoAmI())),
        scenario('OWN-02', probe(getObject('data/key'))),
        scenario('OWN-03', probe(getObject('data/key', { through: { roleArn: '<role:other>' } }))),
        scenario('OWN-04', probe(putObject('data/key', { tags: { team: 'red' } }))),
      ],
      chosenClients(['simple'], [simple]),
    );
    const all = new Set(['kubernetes', 's3']);
    expect(asks && unmetRequirements(asks, all)).to.contain(
      'GetCallerIdentity by client simple (operation:GetCallerIdentity)',
    );
    expect(reads && unmetRequirements(reads, all)).to.equal(undefined);
    expect(through && unmetRequirements(through, all)).to.contain('AssumeRole by client simple');
    expect(tagged && unmetRequirements(tagged, all)).to.contain('GetObjectTagging by client simple');
  });

  for (const [need, kind] of [
    ['sdk-chain', { chain: 'own' }],
    ['configurable-sts', { stsOfAwsAlone: true }],
    ['lasting-client', { startsPerOperation: true }],
  ] as const)
    it(`are skipped if they lack ${need}`, () => {
      const unmetBy = (more: Partial<Client>): string | undefined => {
        const needing = scenario('OWN-01', probe(whoAmI()));
        const own = { ...needing, spec: { ...needing.spec, needs: [need] } };
        const [asks] = withClients([own], chosenClients(['one'], [aClient('one', more)]));
        return asks && unmetRequirements(asks, new Set(['kubernetes', need]));
      };
      expect(unmetBy(kind)).to.contain(`(${need})`);
      expect(unmetBy({})).to.equal(undefined);
      const others = { chain: 'own', stsOfAwsAlone: true, startsPerOperation: true, ...aClientOf(need) } as const;
      expect(unmetBy(others)).to.equal(undefined);
      const without = { ...scenario('OWN-01', probe(whoAmI())) };
      expect(
        unmetRequirements({ ...without, spec: { ...without.spec, needs: [need] } }, new Set(['kubernetes', need])),
      ).to.equal(undefined);
    });

  it('are skipped if web identity needs an STS that they cannot reach', () => {
    const simple = aClient('simple', { stsOfAwsAlone: true });
    const irsa = { ...scenario('OWN-01', probe(whoAmI())) };
    const [asks] = withClients(
      [{ ...irsa, spec: { ...irsa.spec, workloads: { app: { irsa: 'app' } } } }],
      chosenClients(['simple'], [simple]),
    );
    const all = new Set(['kubernetes', 's3', 'irsa']);
    expect(asks && unmetRequirements(asks, all)).to.contain("AWS's own STS at its regular endpoint (sts-of-aws)");
    expect(asks && unmetRequirements(asks, new Set([...all, 'sts-of-aws']))).to.equal(undefined);
    const [other] = withClients([scenario('OWN-01', probe(whoAmI()))], chosenClients(['simple'], [simple]));
    expect(other && unmetRequirements(other, all)).to.equal(undefined);
    // Only a client network leads their requests to an emulator's STS.
    expect(asks && unmetRequirements(asks, new Set([...all, 'client-network', 'call-record']))).to.equal(undefined);
    expect(asks && unmetRequirements(asks, new Set([...all, 'client-network']))).to.contain('sts-of-aws');
  });

  it('are installed once each, and report failures in their scenarios', async () => {
    let times = 0;
    const counted = aClient('red', { install: () => Promise.resolve({ ...INSTALLED, ordinal: (times += 1) }) });
    const missing = aClient('blue', {
      install: () => Promise.reject(new HarnessError('CLIENT_NOT_INSTALLED', 'Client blue cannot be installed.')),
    });
    const scenarios = [scenario('OWN-01', probe(whoAmI())), scenario('OWN-02', probe(whoAmI()))];
    const both = withClients(scenarios, chosenClients(['red', 'blue'], [counted, missing]));
    const ready = await withInstalledClients(both, context);
    expect(times).to.equal(1);
    expect(ready.map(({ client }) => client?.installed?.command.join() ?? client?.failure)).to.deep.equal([
      ...['/kept/client', 'Client blue cannot be installed.', '/kept/client', 'Client blue cannot be installed.'],
    ]);
    const alone = withClients(scenarios, chosenClients(['blue'], [missing]));
    const failure: unknown = await withInstalledClients(alone, context).catch((error: unknown) => error);
    expect(failure).to.be.an.instanceOf(HarnessError).with.property('message', 'Client blue cannot be installed.');
  });

  it('limit --repeat-each to the number of unique names', () => {
    const asked = (times: number) => ({ number: (name: string) => (name === 'retries' ? 1 : times) });
    const both = chosenClients(['all'], [RED, BLUE]);
    expect(() => checkAttempts(both, asked(49))).not.to.throw();
    expect(() => checkAttempts(both, asked(50))).to.throw(HarnessError, '--repeat-each is 50');
    expect(() => checkAttempts(both.slice(0, 1), asked(1000))).not.to.throw();
  });
});
