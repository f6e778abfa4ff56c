import { assumeRole } from '../../identity/assume-role.ts';
import { webIdentitySession } from '../../identity/web-identity.ts';
import { ACCOUNT, ask, open, PLACE, ROLE, sessionOf, SUBJECT, TARGET } from './sequence.ts';
import type { Sequence } from './sequence.ts';

const PAGE = 'EKS User Guide, "Assign IAM roles to Kubernetes service accounts"';
const KEYS = 'IAM User Guide, "Available keys for AWS OIDC federation"';
const ISSUER = 'oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE';
const PROVIDER = { arn: `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER}`, issuer: ISSUER };
const TOKEN = {
  'aws:FederatedProvider': `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER}`,
  [`${ISSUER}:sub`]: 'system:serviceaccount:shop:cart',
  [`${ISSUER}:aud`]: 'sts.amazonaws.com',
};
const POD = { kind: 'federated', providerArn: PROVIDER.arn, accountId: ACCOUNT, requestContext: undefined } as const;
const BINDING = { provider: PROVIDER, subject: SUBJECT, audience: 'sts.amazonaws.com', role: ROLE };
const NAMED = { ...BINDING, sessionName: 'cart' };
const ACTION = 'sts:AssumeRoleWithWebIdentity';

export const SEQUENCES: readonly Sequence[] = [
  {
    title: 'a service account’s token asks with its subject, audience and provider, which the session keeps',
    source: `${PAGE}; ${KEYS}`,
    path: () => webIdentitySession(NAMED),
    steps: [
      ask('trust', ACTION, ROLE.arn, POD, { ...TOKEN, 'sts:RoleSessionName': 'cart' }),
      open('trust', sessionOf(ROLE, 'cart', { context: TOKEN })),
    ],
  },
  {
    title: 'a session name that the program chooses is unknown, and aws:userid begins with the role’s id',
    source: 'STS API Reference, AssumeRoleWithWebIdentity, RoleSessionName',
    path: () => webIdentitySession(BINDING),
    steps: [
      ask(
        ...(['trust', ACTION, ROLE.arn, POD] as const),
        { ...TOKEN, 'sts:RoleSessionName': 'unknown-session' },
        { unknown: { 'sts:RoleSessionName': '' } },
      ),
      open('trust', sessionOf(ROLE, 'unknown-session', { context: TOKEN }), { unknown: { 'aws:userid': 'AROAAPP:' } }),
    ],
  },
  {
    title: 'an audience of the service account’s annotation is the audience of the token',
    source: `${KEYS}; amazon-eks-pod-identity-webhook, eks.amazonaws.com/audience`,
    path: () => webIdentitySession({ ...NAMED, audience: 'internal' }),
    steps: [
      ask('trust', ACTION, ROLE.arn, POD, { ...TOKEN, [`${ISSUER}:aud`]: 'internal', 'sts:RoleSessionName': 'cart' }),
      open('trust', sessionOf(ROLE, 'cart', { context: { ...TOKEN, [`${ISSUER}:aud`]: 'internal' } })),
    ],
  },
  {
    title: 'the tags of an annotated role are keys of its trust policy, and the session has no tags',
    source: 'EKS User Guide, "Grant Kubernetes workloads access to AWS using Kubernetes Service Accounts", comparison',
    path: () => webIdentitySession({ ...NAMED, issuedAt: 1000, role: { ...ROLE, tags: [['team', 'blue']] } }),
    steps: [
      ask('trust', ACTION, ROLE.arn, POD, {
        ...{ ...TOKEN, 'sts:RoleSessionName': 'cart', 'aws:ResourceTag/team': 'blue', 'iam:ResourceTag/team': 'blue' },
      }),
      open('trust', sessionOf(ROLE, 'cart', { context: TOKEN, issuedAt: 1000 })),
    ],
  },
  {
    title: 'a web identity and its session have the network of the pod',
    source: 'IAM User Guide, "AWS global condition context keys", "Properties of the network"',
    path: () => webIdentitySession({ ...NAMED, requestContext: PLACE }),
    steps: [
      ask('trust', ACTION, ROLE.arn, { ...POD, requestContext: PLACE }, { ...TOKEN, 'sts:RoleSessionName': 'cart' }),
      open('trust', sessionOf(ROLE, 'cart', { context: TOKEN, requestContext: PLACE })),
    ],
  },
  {
    title: 'a provider in another account is the federated principal of a role in that account',
    source: 'EKS User Guide, "Authenticate to another account with IRSA"',
    path: () =>
      webIdentitySession({
        ...{ ...NAMED, role: TARGET },
        provider: { issuer: ISSUER, arn: `arn:aws:iam::444455556666:oidc-provider/${ISSUER}` },
      }),
    steps: [
      ask(
        ...(['trust', ACTION, TARGET.arn] as const),
        { ...POD, providerArn: `arn:aws:iam::444455556666:oidc-provider/${ISSUER}`, accountId: '444455556666' },
        {
          ...{ ...TOKEN, 'sts:RoleSessionName': 'cart' },
          'aws:FederatedProvider': `arn:aws:iam::444455556666:oidc-provider/${ISSUER}`,
        },
      ),
      open(
        'trust',
        sessionOf(TARGET, 'cart', {
          context: { ...TOKEN, 'aws:FederatedProvider': `arn:aws:iam::444455556666:oidc-provider/${ISSUER}` },
        }),
      ),
    ],
  },
  {
    title: 'a further role of an IRSA session asks only for AssumeRole, and its session loses the token’s keys',
    source: `${KEYS}; STS API Reference, AssumeRole`,
    *path() {
      const session = yield* webIdentitySession(NAMED);
      return yield* assumeRole('assumed role', { principal: session.principal, role: TARGET, sessionName: 'job' });
    },
    steps: [
      ask('trust', ACTION, ROLE.arn, POD, { ...TOKEN, 'sts:RoleSessionName': 'cart' }),
      open('trust', sessionOf(ROLE, 'cart', { context: TOKEN })),
      ask('assumed role', 'sts:AssumeRole', TARGET.arn, sessionOf(ROLE, 'cart', { context: TOKEN }), {
        'sts:RoleSessionName': 'job',
      }),
      open('assumed role', sessionOf(TARGET, 'job')),
    ],
  },
];
