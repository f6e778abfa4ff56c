import { expect } from 'chai';
import { settingsOf, type WebhookOptions } from '../options.ts';
import { mutatePod, type Knowledge, type Mutation } from './mutate-pod.ts';
import type { Pod } from '../kubernetes-types.ts';
import { identityOf } from './service-account.ts';

const ROLE = 'arn:aws:iam::111122223333:role/app';

interface Case {
  readonly pod?: Pod;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly known?: Knowledge;
  readonly options?: Partial<WebhookOptions>;
}

const POD: Pod = { spec: { containers: [{ name: 'app' }], serviceAccountName: 'app' } };
const podWith = (annotations: Readonly<Record<string, string>>): Pod => ({ ...POD, metadata: { annotations } });

function mutate({ pod = POD, annotations, known, options }: Case): Mutation | undefined {
  const settings = settingsOf({ serviceAccounts: { get: () => undefined }, random: () => 0, ...options });
  const serviceAccount = annotations && { namespace: 'ns', name: 'app', annotations };
  const annotated = serviceAccount && identityOf(serviceAccount, settings);
  return mutatePod(pod, { associated: false, annotated, ...known }, settings);
}

const at = (mutation: Mutation | undefined, path: string): unknown =>
  mutation?.patch.find((operation) => operation.path === path)?.value;

interface Mutated {
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly unknown[];
}
const containers = (mutation: Mutation | undefined): readonly Mutated[] =>
  at(mutation, '/spec/containers') as readonly Mutated[];
const variables = (mutation: Mutation | undefined): readonly string[] =>
  (containers(mutation)[0]?.env ?? []).map(({ name }) => name);
const token = (mutation: Mutation | undefined): Record<string, unknown> => {
  const [volume] = at(mutation, '/spec/volumes') as readonly {
    projected: { sources: readonly { serviceAccountToken: Record<string, unknown> }[] };
  }[];
  return volume!.projected.sources[0]!.serviceAccountToken;
};

const irsa = { 'eks.amazonaws.com/role-arn': ROLE };
const associated = { associated: true };

describe('mutatePod', () => {
  describe('the method', () => {
    const configured = { roleArn: ROLE, audience: '', regionalSts: false, tokenExpiration: 3600n };
    const choices: readonly (readonly [string, Case, string | undefined])[] = [
      ['an unknown service account', {}, undefined],
      ['no role', { annotations: {} }, undefined],
      ['an empty role', { annotations: { 'eks.amazonaws.com/role-arn': '' } }, undefined],
      ['a role', { annotations: irsa }, 'sts_web_identity'],
      ['a role under another prefix', { annotations: irsa, options: { annotationPrefix: 'x.io' } }, undefined],
      ['an association', { known: associated }, 'container_credentials'],
      ['an association and a role', { annotations: irsa, known: associated }, 'container_credentials'],
      ['an entry in the config map', { annotations: {}, known: { associated: false, configured } }, 'sts_web_identity'],
      [
        'an entry in the config map for any namespace',
        { known: { associated: false, configuredAnywhere: configured } },
        'sts_web_identity',
      ],
    ];
    for (const [what, given, method] of choices) {
      it(`${what}: ${method ?? 'no mutation'}`, () => {
        expect(mutate(given)?.method).to.equal(method);
      });
    }

    it('prefers an annotated role to the config map, and its exact entry to its wildcard', () => {
      const other = (role: string) => ({ ...configured, roleArn: role });
      const known = { associated: false, configured: other('named'), configuredAnywhere: other('any') };
      const role = (given: Case) =>
        containers(mutate(given))[0]?.env?.find(({ name }) => name === 'AWS_ROLE_ARN')?.value;
      expect(role({ annotations: irsa, known })).to.equal(ROLE);
      expect(role({ known })).to.equal('named');
    });
  });

  describe("the token's lifetime", () => {
    const lives: readonly (readonly [string, Case, number | bigint])[] = [
      ['default of IRSA', { annotations: irsa }, 86_400],
      ['flag', { annotations: irsa, options: { tokenExpiration: 7200 } }, 7200],
      ['flag below the minimum', { annotations: irsa, options: { tokenExpiration: 60 } }, 600],
      [
        'annotation of the service account',
        { annotations: { ...irsa, 'eks.amazonaws.com/token-expiration': '3600' } },
        3600,
      ],
      ['annotation below the minimum', { annotations: { ...irsa, 'eks.amazonaws.com/token-expiration': '-5' } }, 600],
      [
        'invalid annotation of the service account',
        { annotations: { ...irsa, 'eks.amazonaws.com/token-expiration': 'soon' }, options: { tokenExpiration: 7200 } },
        7200,
      ],
      [
        'annotation of the pod over that of the service account',
        {
          pod: podWith({ 'eks.amazonaws.com/token-expiration': '1000' }),
          annotations: { ...irsa, 'eks.amazonaws.com/token-expiration': '3600' },
        },
        1000,
      ],
      [
        'invalid annotation of the pod',
        {
          pod: podWith({ 'eks.amazonaws.com/token-expiration': '1h' }),
          annotations: { ...irsa, 'eks.amazonaws.com/token-expiration': '3600' },
        },
        3600,
      ],
      [
        'annotation without an upper bound',
        { pod: podWith({ 'eks.amazonaws.com/token-expiration': '9223372036854775807' }), annotations: irsa },
        9223372036854775807n,
      ],
      ['default of Pod Identity, minimum jitter', { known: associated, annotations: {} }, 79_200],
      [
        'default of Pod Identity, maximum jitter',
        { known: associated, annotations: {}, options: { random: () => 0.999999 } },
        86_400,
      ],
      [
        'Pod Identity with annotation 86400',
        { known: associated, pod: podWith({ 'eks.amazonaws.com/token-expiration': '86400' }) },
        79_200,
      ],
      [
        'Pod Identity with another annotation',
        { known: associated, pod: podWith({ 'eks.amazonaws.com/token-expiration': '80000' }) },
        80_000,
      ],
      ['Pod Identity with flag', { known: associated, annotations: {}, options: { tokenExpiration: 7200 } }, 7200],
      [
        'Pod Identity with flag, unknown service account',
        { known: associated, options: { tokenExpiration: 7200 } },
        79_200,
      ],
    ];
    for (const [what, given, seconds] of lives) {
      it(`${what}: ${seconds} s`, () => {
        expect(token(mutate(given))['expirationSeconds']).to.equal(seconds);
      });
    }

    it('is spread over the whole range of the jitter', () => {
      const drawn = Array.from({ length: 200 }, () =>
        Number(token(mutate({ known: associated, options: { random: Math.random } }))['expirationSeconds']),
      );
      expect(Math.min(...drawn)).to.be.at.least(79_200);
      expect(Math.max(...drawn)).to.be.at.most(86_400);
      expect(new Set(drawn).size).to.be.greaterThan(100);
    });
  });

  it("uses the service account's audience only for IRSA", () => {
    const annotations = { ...irsa, 'eks.amazonaws.com/audience': 'mine' };
    expect(token(mutate({ annotations }))['audience']).to.equal('mine');
    expect(token(mutate({ annotations, known: associated }))['audience']).to.equal('pods.eks.amazonaws.com');
    expect(token(mutate({ annotations: irsa, options: { tokenAudience: 'flag' } }))['audience']).to.equal('flag');
  });

  describe('regional STS', () => {
    const cases: readonly (readonly [string, Case, boolean])[] = [
      ['flag', { annotations: irsa, options: { stsRegionalEndpoint: true } }, true],
      [
        'annotation over flag',
        {
          annotations: { ...irsa, 'eks.amazonaws.com/sts-regional-endpoints': 'F' },
          options: { stsRegionalEndpoint: true },
        },
        false,
      ],
      [
        'invalid annotation',
        {
          annotations: { ...irsa, 'eks.amazonaws.com/sts-regional-endpoints': 'yes' },
          options: { stsRegionalEndpoint: true },
        },
        true,
      ],
      ['Pod Identity with flag', { annotations: {}, known: associated, options: { stsRegionalEndpoint: true } }, true],
      [
        'Pod Identity with flag, unknown service account',
        { known: associated, options: { stsRegionalEndpoint: true } },
        false,
      ],
    ];
    for (const [what, given, expected] of cases) {
      it(`${what}: ${expected}`, () => {
        expect(variables(mutate(given)).includes('AWS_STS_REGIONAL_ENDPOINTS')).to.equal(expected);
      });
    }
  });

  describe('a container with', () => {
    const withEnv = (...names: string[]): Pod => ({
      spec: { containers: [{ name: 'app', env: names.map((name) => ({ name, value: 'own' })) }] },
    });
    const options = { awsDefaultRegion: 'eu-west-1', stsRegionalEndpoint: true };
    const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
      [
        'no variables',
        [],
        [
          'AWS_STS_REGIONAL_ENDPOINTS',
          'AWS_DEFAULT_REGION',
          'AWS_REGION',
          'AWS_CONTAINER_CREDENTIALS_FULL_URI',
          'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
        ],
      ],
      [
        'one region variable',
        ['AWS_REGION'],
        ['AWS_STS_REGIONAL_ENDPOINTS', 'AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'],
      ],
      [
        'one credential variable',
        ['AWS_CONTAINER_CREDENTIALS_FULL_URI'],
        ['AWS_STS_REGIONAL_ENDPOINTS', 'AWS_DEFAULT_REGION', 'AWS_REGION'],
      ],
      [
        "the other method's variables",
        ['AWS_ROLE_ARN', 'AWS_STS_REGIONAL_ENDPOINTS'],
        [
          'AWS_DEFAULT_REGION',
          'AWS_REGION',
          'AWS_CONTAINER_CREDENTIALS_FULL_URI',
          'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
        ],
      ],
    ];
    for (const [what, own, added] of cases) {
      it(`${what} gets the missing ones`, () => {
        const mutation = mutate({ pod: withEnv(...own), known: associated, annotations: {}, options });
        expect(variables(mutation)).to.deep.equal([...own, ...added]);
        expect(containers(mutation)[0]?.volumeMounts).to.have.lengthOf(1);
      });
    }

    it('all variables gets no mount, but the pod still gets the volume', () => {
      const pod = withEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', 'AWS_REGION', 'AWS_STS_REGIONAL_ENDPOINTS');
      const mutation = mutate({ pod, known: associated });
      expect(containers(mutation)[0]).not.to.have.property('volumeMounts');
      expect(token(mutation)['path']).to.equal('eks-pod-identity-token');
    });

    it('a volume and a mount of the same name keeps them', () => {
      const pod: Pod = {
        spec: {
          volumes: [{ name: 'eks-pod-identity-token' }],
          containers: [{ name: 'app', volumeMounts: [{ name: 'eks-pod-identity-token', mountPath: '/mine' }] }],
        },
      };
      const mutation = mutate({ pod, known: associated });
      expect(mutation?.patch.map(({ path }) => path)).to.deep.equal(['/metadata/labels', '/spec/containers']);
      expect(containers(mutation)[0]?.volumeMounts).to.deep.equal([
        { name: 'eks-pod-identity-token', mountPath: '/mine' },
      ]);
    });
  });

  it('adds to existing labels and volumes', () => {
    const pod: Pod = { metadata: { labels: {} }, spec: { volumes: [], containers: [] } };
    expect(mutate({ pod, known: associated })?.patch.map(({ path }) => path)).to.deep.equal([
      '/metadata/labels/eks.amazonaws.com~1pod-identity',
      '/spec/volumes/0',
      '/spec/containers',
    ]);
  });

  it('does not label pods for IRSA', () => {
    expect(mutate({ annotations: irsa })?.patch.map(({ path }) => path)).to.deep.equal([
      '/spec/volumes',
      '/spec/containers',
    ]);
  });

  it('mutates init containers', () => {
    const pod: Pod = { spec: { containers: [{ name: 'app' }], initContainers: [{ name: 'init' }] } };
    expect((at(mutate({ pod, known: associated }), '/spec/initContainers') as Mutated[])[0]?.env).to.have.lengthOf(2);
  });

  it("skips the containers in the pod's annotation, including init containers", () => {
    const pod: Pod = {
      metadata: { annotations: { 'eks.amazonaws.com/skip-containers': 'one,init, two' } },
      spec: { containers: [{ name: 'one' }, { name: 'two' }], initContainers: [{ name: 'init' }] },
    };
    const mutation = mutate({ pod, known: associated });
    expect(containers(mutation).map(({ env }) => env?.length)).to.deep.equal([undefined, 2]);
    expect(at(mutation, '/spec/initContainers')).to.deep.equal([{ name: 'init', resources: {} }]);
  });

  it("uses Windows's path of the token on Windows nodes", () => {
    for (const key of ['kubernetes.io/os', 'beta.kubernetes.io/os']) {
      const pod: Pod = { spec: { containers: [{ name: 'app' }], nodeSelector: { [key]: 'windows' } } };
      expect(containers(mutate({ pod, annotations: irsa }))[0]?.env?.[1]?.value).to.equal(
        'C:\\var\\run\\secrets\\eks.amazonaws.com\\serviceaccount\\token',
      );
    }
  });

  it('composes a role ARN from a name with composeRoleArn', () => {
    const options = { composeRoleArn: { enabled: true, accountId: '111122223333', partition: 'aws-cn' } };
    const role = (annotation: string) =>
      containers(mutate({ annotations: { 'eks.amazonaws.com/role-arn': annotation }, options }))[0]?.env?.[0]?.value;
    expect(role('path/app')).to.equal('arn:aws-cn:iam::111122223333:role/path/app');
    expect(role(ROLE)).to.equal(ROLE);
  });
});
