/**
 * The default credential chain of an SDK in pods with several settings: which credentials it uses, without fallback to others.
 */
import {
  assumeByProfile,
  control,
  deleteAssociation,
  denied,
  fetchCredentials,
  granted,
  irsaRole,
  noToken,
  podIdentityRole,
  refused,
  suite,
  trustRole,
  whoAmI,
} from '../../harness/index.ts';
import { NO_ASSOCIATION, NOT_ASSUMED } from '../lib/outcomes.ts';
import { base, target } from '../lib/role-chains.ts';
import { PASS_TAGS } from '../lib/sources.ts';
import { APP, ASSOCIATED, WEB_TOKEN } from '../lib/worlds.ts';

const SDK_CHAIN = 'AWS SDK for JavaScript, default credential provider chain for Node.js';
const MINTED = '/var/run/secrets/conformance/tokens';
/** This pod has no association and acts as its node, which proves that a fallback would be possible. */
const plain = { serviceAccount: 'plain', imds: 'reachable' } as const;

suite('client', ({ scenario }) => {
  scenario('CO-07', 'an SDK uses web identity settings in the pod instead of Pod Identity', {
    profile: 'core',
    source: `${SDK_CHAIN}: web identity comes before container credentials`,
    finding:
      'A pod that sets AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE itself keeps using that role; its association has no effect.',
    needs: ['irsa'],
    roles: { associated: podIdentityRole(), annotated: irsaRole('app/app') },
    workloads: {
      app: {
        role: 'associated',
        env: { AWS_ROLE_ARN: '<role:annotated>', AWS_WEB_IDENTITY_TOKEN_FILE: `${MINTED}/web` },
      },
    },
    tokens: WEB_TOKEN,
    probes: [
      granted('app', whoAmI(), { as: 'annotated' }),
      // The pod also has Pod Identity settings, which work.
      granted('app', fetchCredentials()),
    ],
  });

  scenario('CO-08', 'an SDK uses access keys in the environment instead of Pod Identity', {
    // These keys do not exist. Their refusal by STS shows that the SDK used them, without real keys in a pod.
    source: `${SDK_CHAIN}: environment variables come first; Amazon EKS User Guide, "Learn how EKS Pod Identity works"`,
    finding:
      'A pod with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY uses them; its association has no effect until they are removed.',
    keywords: ['static keys'],
    roles: ASSOCIATED.roles,
    workloads: {
      app: {
        role: 'app',
        env: { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'nobodys-secret-access-key' },
      },
    },
    probes: [
      control('app', fetchCredentials()),
      refused('app', whoAmI(), { by: 'sts', code: 'InvalidClientTokenId', status: 403 }),
    ],
  });

  scenario('CO-13', "an SDK does not fall back to the node's role after a refusal by the agent", {
    profile: 'core',
    source: `${SDK_CHAIN}: with AWS_CONTAINER_CREDENTIALS_FULL_URI set, instance metadata is not used`,
    needs: ['imds'],
    keywords: ['IMDS'],
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', imds: 'reachable' }, plain },
    probes: [
      control('plain', whoAmI(), { as: 'node' }),
      // The pod has its settings, but no credentials yet.
      refused('app', fetchCredentials({ token: noToken }), { by: 'agent', code: '400' }),
      deleteAssociation('app'),
      // The chain tries no later provider.
      refused('app', whoAmI(), NO_ASSOCIATION),
    ],
  });

  scenario('CO-14', "an SDK does not fall back to the node's role after a refusal by STS", {
    source: `${SDK_CHAIN}: with AWS_WEB_IDENTITY_TOKEN_FILE set, instance metadata is not used; AWS STS API Reference, AssumeRoleWithWebIdentity`,
    needs: ['irsa', 'imds'],
    keywords: ['IMDS'],
    roles: { annotated: irsaRole('app/other') },
    workloads: { app: { irsa: 'annotated', imds: 'reachable' }, plain },
    probes: [control('plain', whoAmI(), { as: 'node' }), refused('app', whoAmI(), NOT_ASSUMED)],
  });

  scenario('XA-14', "an SDK assumes a role in another account by a profile, with the association's credentials", {
    source: `AWS SDKs and Tools Reference Guide, "Assume role credential provider", credential_source; ${PASS_TAGS}`,
    roles: {
      app: base('target', 'untaggable'),
      target: { ...target(), account: 'other' },
      untaggable: { trust: [trustRole('app', { actions: ['sts:AssumeRole'] })], account: 'other' },
    },
    workloads: APP,
    probes: [
      granted('app', assumeByProfile('target')),
      denied('app', assumeByProfile('untaggable'), { ...NOT_ASSUMED, message: 'sts:TagSession' }),
    ],
  });
});
