import { expect } from 'chai';
import { runInProcess, type CliRun } from '../support/run-cli.ts';

/** A scenario that loads. Each slip below replaces or adds members of it. */
const GOOD = `
  roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
  workloads: { app: { namespace: 'red', serviceAccount: 'app', role: 'app' } },
  buckets: { data: {} },
  objects: ['data/key'],
  probes: [granted('app', getObject('data/key'))],`;

const TRUST = `trust: trustPodIdentity()`;
const PROBES = `granted('app', getObject('data/key'))`;

/** Wrong members, and the words of the sentence about them. */
const SLIPS: readonly (readonly [members: string, ...words: string[]])[] = [
  // Unknown members of a scenario.
  [`exactName: true`, 'exactName', 'exactNames'],
  [`role: {}`, 'role', 'roles'],
  [`worloads: {}`, 'worloads', 'workloads'],
  [`object: []`, 'object', 'objects'],
  [`probe: []`, 'probe', 'probes'],
  [`need: ['s3']`, 'need', 'needs'],
  [`allowSecond: 90`, 'allowSecond', 'allowSeconds'],
  // Wrong values of a scenario's members.
  [`exactNames: 'yes'`, 'exactNames', 'true'],
  [`profile: 'cor'`, 'profile', 'cor', 'core'],
  [`exclusive: 'machin'`, 'exclusive', 'machin', 'machine'],
  [`allowSeconds: '90'`, 'allowSeconds', 'number'],
  [`needs: 's3'`, 'needs', 'list'],
  [`needs: ['sdk-chian']`, 'needs', 'sdk-chian', 'sdk-chain'],
  [`objects: 'data/key'`, 'objects', 'list'],
  [`objects: [{ at: 'data/key', tag: { a: 'b' } }]`, 'tag', 'tags'],
  [`objects: [{ tags: { a: 'b' } }]`, 'object 1', 'at'],
  [`roles: []`, 'roles', 'list'],
  [`workloads: 'app'`, 'workloads', 'app'],
  [`probes: granted('app', getObject('data/key'))`, 'probes', 'list'],
  [`source: 5`, 'source', 'string'],
  // Roles.
  [`roles: { app: { ${TRUST}, permisions: [] } }`, 'permisions', 'permissions'],
  [`roles: { app: { ${TRUST}, boundry: [] } }`, 'boundry', 'boundary'],
  [`roles: { app: { ${TRUST}, tag: { a: 'b' } } }`, 'tag', 'tags'],
  [`roles: { app: { ${TRUST}, acount: 'other' } }`, 'acount', 'account'],
  [`roles: { app: { ${TRUST}, account: 'othr' } }`, 'account', 'othr', 'other'],
  [`roles: { app: { ${TRUST}, maxSessionDuration: '1h' } }`, 'maxSessionDuration', 'number'],
  [`roles: { app: { permissions: [allow('s3:GetObject', 'data/*')] } }`, 'app', 'trust'],
  [
    `roles: { app: { ${TRUST}, permissions: [{ Effect: 'Allw', Action: 's3:GetObject', Resource: '*' }] } }`,
    'Effect',
    'Allow',
  ],
  [`roles: { app: { ${TRUST}, permissions: 's3:GetObject' } }`, 'permissions', 's3:GetObject', 'a list of statements'],
  [
    `roles: { app: { ${TRUST}, permissions: [{ Efect: 'Allow', Action: 's3:GetObject', Resource: '*' }] } }`,
    'Efect',
    'Effect',
  ],
  [`roles: { app: null }`, 'app', 'null'],
  [`roles: { app: { trust: trustWebIdentity({ subjct: 'red/app' }) } }`, 'subjct', 'subject'],
  [`roles: { app: { trust: trustPodIdentity({ condition: {} }) } }`, 'condition', 'conditions'],
  [`roles: { app: { trust: undefined } }`, 'app', 'trust'],
  // Workloads.
  [`workloads: { app: { serviceAcount: 'app', role: 'app' } }`, 'serviceAcount', 'serviceAccount'],
  [`workloads: { app: { nmspace: 'red', role: 'app' } }`, 'nmspace', 'namespace'],
  [`workloads: { app: { namespace: 'red', role: 'ap' } }`, 'ap', 'app'],
  [`workloads: { app: { role: { role: 'app', disableSessionTag: true } } }`, 'disableSessionTag', 'disableSessionTags'],
  [`workloads: { app: { role: { role: 'app', polcy: [] } } }`, 'polcy', 'policy'],
  [`workloads: { app: { role: 'app', imds: 'block' } }`, 'imds', 'block', 'blocked'],
  [`workloads: { app: { role: 'app', starts: 'latter' } }`, 'starts', 'latter', 'later'],
  [`workloads: { app: { role: 'app', container: 'sidecars' } }`, 'container', 'sidecars', 'sidecar'],
  [`workloads: { app: { role: 'app', cluster: 'c3' } }`, 'cluster', 'c3', 'c1'],
  [`workloads: { app: { role: 'app', env: ['A=b'] } }`, 'env', 'list'],
  [`workloads: { app: { role: 'app', namespace: 7 } }`, 'namespace', '7'],
  [`workloads: { app: { role: 'app', egress: ['agents'] } }`, 'egress', 'agents', 'agent'],
  [`probes: [${PROBES}, may('app', 'kms', '*')]`, 'action', 'kms:Decrypt'],
  [`probes: [${PROBES}, may('app', 'kms:Decrypt', 'key')]`, 'resource', 'ARN'],
  [`probes: [${PROBES}, may('app', 's3:GetObject', '*')]`, 's3:GetObject', 'getObject'],
  [`probes: [${PROBES}, mayNot('app', 'sqs:SendMesage', '*')]`, 'sqs:SendMesage', 'did you mean "sqs:SendMessage"'],
  [
    `probes: [${PROBES}, mayNot('app', 'sqs:SendMessage', 'arn:aws:sqs:us-west-2:jobs')]`,
    'arn:aws:sqs:us-west-2:jobs',
    'use arn:aws:sqs:${Region}:${Account}:${QueueName}',
  ],
  [
    `workloads: { app: { role: 'app' }, b: { role: { role: 'app', disableSessionTags: true } } }`,
    '"b"',
    'service account',
  ],
  [`workloads: { app: { role: 'app', irsa: 'app' }, b: { irsa: 'other' } }`, '"irsa"', 'service account app/app'],
  [`probes: [${PROBES}, may('app', 'sqs:SendMessage', '*', { resourcePolcy: {} })]`, 'resourcePolcy', 'resourcePolicy'],
  [`probes: [${PROBES}, mayNot('app', 'sqs:SendMessage', '*', { policy: 'trust' })]`, 'policy', 'trust', 'identity'],
  [
    `probes: [${PROBES}, may('app', 'kms:Decrypt', 'arn:aws:kms:us-west-2:<account:main>:key/1')]`,
    'kms:Decrypt',
    'resourcePolicy',
  ],
  [
    `probes: [${PROBES}, may('app', 'sns:Publish', '*', { context: { 'aws:PrincipalArn': 'x' } })]`,
    'aws:PrincipalArn',
    'session',
  ],
  [`workloads: { app: { role: 'app', context: { 'aws:SourceVpcE': 'vpce-1' } } }`, 'aws:SourceVpcE', 'aws:SourceVpce'],
  [`workloads: { app: { role: 'app', context: { 'aws:PrincipalArn': 'x' } } }`, 'context', 'aws:PrincipalArn'],
  [`workloads: { app: { role: 'app', context: { 'aws:SourceVpc': 1 } } }`, 'aws:SourceVpc', 'a text or a list'],
  [
    `workloads: { app: { role: 'app', context: { 'aws:SourceVpc': 'vpc-1', 'aws:SourceIp': '10.0.0.1' } } }`,
    'aws:SourceIp',
    'VPC endpoint',
    'aws:VpcSourceIp',
  ],
  [
    `workloads: { app: { role: 'app', context: {} } }, probes: [granted('app', getObject('data/key'), { as: 'node' })]`,
    'node',
    'context',
    'Pod Identity and IRSA',
  ],
  [`workloads: { app: undefined }`, 'app', 'undefined'],
  // Buckets.
  [`buckets: { data: { polcy: [] } }`, 'polcy', 'policy'],
  [`buckets: { data: { acount: 'other' } }`, 'acount', 'account'],
  [`buckets: ['data']`, 'buckets', 'list'],
  [`probes: [${PROBES}, granted('app', getObject('dta/key'))]`, 'dta', 'data'],
  // Tokens and users.
  [`tokens: { t: { serviceAcount: 'app' } }`, 'serviceAcount', 'serviceAccount'],
  [`tokens: { t: { serviceAccount: 'red/app', expirationSecond: 600 } }`, 'expirationSecond', 'expirationSeconds'],
  [`users: { u: { rule: [] } }`, 'rule', 'rules'],
  // Probes and details.
  [`probes: [${PROBES}, denied('app', getObject('data/k'), { by: 's33' })]`, 's33', 's3'],
  [
    `probes: [${PROBES}, denied('app', getObject('data/k'), { by: 's3', policy: 'identityy' })]`,
    'identityy',
    'identity',
  ],
  [`probes: [${PROBES}, denied('app', getObject('data/k'), { by: 's3', explict: true })]`, 'explict', 'explicit'],
  [`probes: [${PROBES}, denied('app', getObject('data/k'), { by: 's3', explicit: 'no' })]`, 'explicit', 'no', 'true'],
  [`probes: [${PROBES}, denied('app', getObject('data/k'), { code: 'AccessDenied' })]`, 'denied', 'by'],
  [`probes: [${PROBES}, denied('app', getObject('data/k'))]`, 'denied', 'by'],
  [`probes: [${PROBES}, denied('app', getObject('data/k'), { by: 's3', status: '403' })]`, 'status', 'number'],
  [`probes: [${PROBES}, denied('ap', getObject('data/k'), { by: 's3' })]`, 'ap', 'app'],
  [`probes: [${PROBES}, granted('app', getObject('data/<namespac:red>'))]`, 'namespac', 'namespace'],
  [`probes: [${PROBES}, granted('app', getObject('data/<role-name:ap>'))]`, 'ap', 'app'],
  [`probes: [${PROBES}, granted('app', assumeRole('app', { externalid: 'x' }))]`, 'externalid', 'externalId'],
  [`probes: [${PROBES}, granted('app', listObjects('data', { prefx: 'a/' }))]`, 'prefx', 'prefix'],
  [`probes: [${PROBES}, granted('app')]`, 'granted', 'operation'],
  [`probes: [${PROBES}, granted('app', getObject)]`, 'granted', 'operation'],
  [`probes: [${PROBES}, granted('app', getObject())]`, 'GetObject', 'undefined'],
  [`probes: [${PROBES}, granted('app', getObject('data/key'), { as: 'ap' })]`, 'ap', 'app'],
  [`probes: [${PROBES}, undefined]`, 'probe', 'undefined'],
  [`probes: [${PROBES}, getObject('data/key')]`, 'probe', 'getObject'],
  [`probes: [${PROBES}, granted('app', fetchCredentials({ tokn: 'x' }))]`, 'tokn', 'token'],
  [`probes: [${PROBES}, refused('app', fetchCredentials(), { by: 'eks-auht', code: 'X' })]`, 'eks-auht', 'eks-auth'],
];

const NAMES =
  'allow, assumeRole, denied, fetchCredentials, getObject, granted, listObjects, may, mayNot, podIdentityRole, refused, suite, trustPodIdentity, trustWebIdentity';
const suiteFile = (id: string, members: string): string => `
import * as builders from 'eks-pod-identity-conformance';
const { ${NAMES} } = builders;

suite('slips', ({ scenario }) => {
  scenario('${id}', 'a title', {${GOOD}
    ${members},
  });
});
`;

const idOf = (index: number): string => `SL-${String(index + 100)}`;

describe('slips in suite files', () => {
  let run: CliRun;
  before(async () => {
    const slips = SLIPS.map(([members], index) => [`${idOf(index)}.ts`, suiteFile(idOf(index), members)] as const);
    const files = { ...Object.fromEntries(slips), 'good.ts': suiteFile('SL-99', `source: 'x'`) };
    run = await runInProcess({ args: ['--list', '--suite', 'slips'], files });
  });

  for (const [index, [members, ...words]] of SLIPS.entries())
    it(`are one sentence with file, line and name: ${members}`, () => {
      const of = run.stderr.split('\n').filter((line) => line.includes(idOf(index)));
      expect(of, run.stderr).to.have.length(1);
      const [problem = ''] = of;
      if (process.env['SLIPS']) process.stdout.write(`### ${members}\n${problem}\n`);
      expect(problem).to.match(new RegExp(`/${idOf(index)}\\.ts:[0-9]+: .*[.?]$`));
      for (const word of words) expect(problem).to.contain(word);
      expect(problem).not.to.match(/TypeError|undefined \(/);
    });

  it('do not hide the scenarios of other files, but end with exit code 2', () => {
    expect(run.exitCode, run.stderr).to.equal(2);
    expect(run.stdout).to.contain('SL-99').and.not.to.contain('SL-1');
  });
});
