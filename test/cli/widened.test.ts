import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioResult } from '../../harness/results/results.ts';
import { ROOT, runConformance, type CliRun } from '../support/run-cli.ts';

/** A scenario of the project whose policy is widened, and the expected explanation of the probe that it then allows. */
interface Widening {
  readonly id: string;
  /** Path below `suites/`, without extension. */
  readonly file: string;
  /** Text to replace in the scenario. */
  readonly from: string;
  readonly to: string;
  /** Number of the probe, from 1. */
  readonly probe: number;
  /** Texts that the explanation must contain in this order. */
  readonly names: readonly string[];
}

const ROLE = 'inline policy scenario of role conformance-RUN-';

const WIDENINGS: readonly Widening[] = [
  {
    id: 'AB-01',
    file: 'abac/identity-tags',
    from: "'${aws:PrincipalTag/kubernetes-namespace}/*'",
    to: "'*'",
    probe: 2,
    names: [
      `s3:GetObject allowed by statement 1 of ${ROLE}wb-01-app: `,
      'Resource "arn:aws:s3:::conformance-RUN-wb-01-data/*"',
    ],
  },
  {
    id: 'AB-02',
    file: 'abac/identity-tags',
    from: "reader('${aws:PrincipalTag/kubernetes-service-account}/*')",
    to: "podIdentityRole(allow('s3:PutObject', '*'), allow('s3:*', '*'))",
    probe: 2,
    names: [`allowed by statement 2 of ${ROLE}wb-02-app: Action "s3:*", Resource "*"`],
  },
  {
    id: 'AB-04',
    file: 'abac/identity-tags',
    from: "sameTag('kubernetes-namespace', 'kubernetes-service-account', 'eks-cluster-name')",
    to: "sameTag('kubernetes-namespace', 'eks-cluster-name')",
    probe: 3,
    names: [
      `allowed by statement 1 of ${ROLE}wb-04-app: `,
      's3:ExistingObjectTag/kubernetes-namespace is "wb-04-app-RUN", StringEquals expects "wb-04-app-RUN"',
    ],
  },
  {
    id: 'AB-06',
    file: 'abac/object-tags',
    from: "sameTag('kubernetes-namespace')",
    to: "{ StringEqualsIfExists: sameTag('kubernetes-namespace').StringEquals }",
    probe: 2,
    names: [
      `allowed by statement 1 of ${ROLE}wb-06-app: `,
      's3:ExistingObjectTag/kubernetes-namespace is absent, StringEqualsIfExists expects "wb-06-app-RUN"',
    ],
  },
  {
    id: 'AB-10',
    file: 'abac/missing-tags',
    from: "onlyFor('data/other/*', 'elsewhere')",
    to: "onlyFor('data/other/*', '<namespace:app>')",
    probe: 2,
    names: [
      `allowed by statement 1 of ${ROLE}wb-10-app: Action "s3:GetObject", Resource "arn:aws:s3:::conformance-RUN-wb-10-data/*"`,
      'statement 2 of bucket policy of conformance-RUN-wb-10-data (Deny) not applied: aws:PrincipalTag/kubernetes-namespace is "wb-10-app-RUN", StringNotEquals expects "wb-10-app-RUN"',
    ],
  },
  {
    id: 'SEC-12',
    file: 'policies/limits',
    from: "boundary: [allow('s3:*', 'data/open/*')]",
    to: "boundary: [allow('s3:*', 'data/open/*'), allow('s3:Get*', '*')]",
    probe: 2,
    names: [
      `allowed by statement 1 of ${ROLE}wec-12-app: `,
      'within statement 2 of permissions boundary ',
      'Action "s3:Get*", Resource "*"',
    ],
  },
  {
    id: 'PI-20',
    file: 'pod-identity/permissions',
    from: "policy: [allow('s3:*', 'data/a/*')]",
    to: "policy: [allow('s3:*', 'data/?/*')]",
    probe: 2,
    names: ['within statement 1 of session policy 1 of ', 'Resource "arn:aws:s3:::conformance-RUN-wi-20-data/?/*"'],
  },
  {
    id: 'PI-10',
    file: 'pod-identity/trust',
    from: "actions: ['sts:AssumeRole']",
    to: "actions: ['sts:*']",
    probe: 2,
    names: [
      'association a-',
      'sts:AssumeRole allowed by statement 1 of trust policy of role conformance-RUN-wi-10-untaggable: Principal "pods.eks.amazonaws.com", Action "sts:*"',
    ],
  },
  {
    id: 'PI-24',
    file: 'pod-identity/trust',
    from: "'arn:aws:eks:*:<account:main>:podidentityassociation/<cluster:c1>/*'",
    to: "'arn:aws:eks:*:<account:main>:*'",
    probe: 2,
    names: [
      'sts:AssumeRole allowed by statement 1 of trust policy',
      'aws:SourceArn is "arn:aws:eks:',
      'ArnLike expects "arn:aws:eks:*:111122223333:*"',
    ],
  },
  {
    id: 'XA-05',
    file: 'cross-account/trust',
    from: "'aws:RequestTag/kubernetes-namespace': '<namespace:red>',",
    to: '',
    probe: 2,
    names: [
      'also by statement 1 of trust policy of role conformance-RUN-wa-05-target',
      'aws:RequestTag/kubernetes-service-account is "app", StringEquals expects "app"',
    ],
  },
  {
    id: 'IR-08',
    file: 'irsa/trust',
    from: "operator: 'StringEquals'",
    to: "operator: 'StringLike'",
    probe: 2,
    names: [
      'sts:AssumeRoleWithWebIdentity allowed by statement 1 of trust policy of role conformance-RUN-wr-08-starred',
      ':sub is "system:serviceaccount:wr-08-app-RUN:app", StringLike expects "system:serviceaccount:wr-08-app-RUN:*"',
    ],
  },
];

const ownId = (id: string): string => `W${id.slice(1)}`;

/** Returns the source of a suite with widened scenarios, under new ids of the same length. */
function widened(file: string): string {
  let text = readFileSync(join(ROOT, 'suites', `${file}.ts`), 'utf8');
  for (const { id, from, to } of WIDENINGS.filter((one) => one.file === file)) {
    const start = text.indexOf(`scenario('${id}'`);
    const at = text.indexOf(from, start);
    expect(at, `${id} has ${from}`).to.be.greaterThan(start);
    expect(text.slice(start + 1, at), `${id} has ${from}`).not.to.contain("scenario('");
    text = text.slice(0, at) + to + text.slice(at + from.length);
  }
  return ofPackage(text.replaceAll(/(scenario\(\s*)'[A-Z]/g, "$1'W"));
}

/** Adapts imports to a user's suites folder, which is flat and has one folder of helpers. */
const ofPackage = (text: string): string =>
  text.replace(/'[./]+\/harness\/index\.ts'/, "'eks-pod-identity-conformance'").replaceAll("'../lib/", "'./lib/");

/** Helpers that the suites share. */
const shared = Object.fromEntries(
  [
    'outcomes',
    's3-operations',
    's3-requests',
    'sessions',
    'sources',
    'worlds',
    '../abac/lib/reads',
    '../cross-account/lib/roles',
  ].map((file) => [
    `lib/${basename(file)}.ts`,
    ofPackage(readFileSync(join(ROOT, 'suites', 'lib', `${file}.ts`), 'utf8')).replaceAll("'../../lib/", "'./"),
  ]),
);

describe('expected denial with a policy that is too wide', () => {
  let run: CliRun;
  before(async () => {
    const files = [...new Set(WIDENINGS.map(({ file }) => file))];
    run = await runConformance({
      files: { ...shared, ...Object.fromEntries(files.map((file) => [`${file.replace('/', '-')}.ts`, widened(file)])) },
      args: ['--scenario', WIDENINGS.map(({ id }) => ownId(id)).join(',')],
      env: { COLUMNS: '80' },
    });
  });

  const scenarioOf = ({ id }: Widening): ScenarioResult | undefined =>
    run.results?.scenarios.find((scenario) => scenario.id === ownId(id));
  const summaryOf = (widening: Widening): string =>
    scenarioOf(widening)?.attachments.findLast(({ name }) => name === 'summary.md')?.path ?? '';
  /** Replaces the run id and line breaks. */
  // A scenario that is retried on a busy machine has other names.
  const plain = (text: string): string =>
    text
      .replaceAll(run.results?.run.id ?? 'none', 'RUN')
      .replace(/-\d{4}(?=-)/g, '')
      .replace(/\s+/g, ' ');

  for (const widening of WIDENINGS)
    it(`${widening.id} fails and names the statement that allowed access: ${widening.to || `without ${widening.from}`}`, () => {
      const probe = scenarioOf(widening)?.probes[widening.probe - 1];
      expect(probe, run.stderr).to.include({ verdict: 'failed' });
      const why = plain(probe?.why ?? '');
      let at = 0;
      for (const name of widening.names) {
        expect(why.indexOf(name, at), `${name} in: ${why}`).not.to.equal(-1);
        at = why.indexOf(name, at);
      }
      const call = scenarioOf(widening)?.calls.find(({ requestId }) => requestId === probe?.decisiveCall);
      const applied = call?.decisions.flatMap(({ deciding }) => deciding).filter((one) => one.applied);
      expect(applied, 'statements that decided').not.to.have.length(0);
      for (const [what, text] of [
        ['the terminal', run.stderr],
        ['junit.xml', unescaped(run.junit ?? '')],
        [
          'the diagnostics',
          // Diagnostics of the last attempt.
          readFileSync(join(run.reportDirectory, summaryOf(widening)), 'utf8'),
        ],
      ] as const)
        expect(plain(text), what).to.contain(why);
    });

  it('is printed in lines of at most 80 columns, except for longer words', () => {
    const all = run.stderr.split('\n');
    const start = all.slice(
      0,
      all.findIndex((line) => line.startsWith('Run ')),
    );
    expect(start.join(' ')).to.match(/^Configuration: .* timeout 60 s$/);
    const lines = [...start, ...all.filter((line) => line.startsWith('      '))];
    expect(lines.filter((line) => line.trimStart().startsWith('why: '))).to.have.length(WIDENINGS.length);
    expect(lines.filter((line) => line.length > 80 && /\S\s/.test(line))).to.deep.equal([]);
  });
});

const unescaped = (xml: string): string => xml.replaceAll(/<!\[CDATA\[|\]\]>/g, '');
