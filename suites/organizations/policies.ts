/** What service and resource control policies of an organization change for pods. */
import {
  allow,
  askEksAuth,
  assumeByToken,
  control,
  controlSucceeds,
  denied,
  deny,
  fails,
  forPrincipal,
  getObject,
  granted,
  listObjects,
  podIdentityRole,
  succeeds,
  suite,
  trustPodIdentity,
  trustWebIdentity,
} from '../../harness/index.ts';
import { targetRole } from '../cross-account/lib/roles.ts';
import { DENIED, DENIED_ELSEWHERE, MAY_NOT_ASSUME } from '../lib/outcomes.ts';
import { base, target } from '../lib/role-chains.ts';
import { APP, readData, WEB_TOKEN } from '../lib/worlds.ts';

const SCPS = 'AWS Organizations User Guide, "Service control policies (SCPs)", SCP effects on permissions';
const EVALUATION = 'AWS Organizations User Guide, "SCP evaluation"';
const RCPS = 'AWS Organizations User Guide, "Resource control policies (RCPs)", RCP effects on permissions';
const RCP_EXAMPLES = 'AWS Organizations User Guide, "Resource control policy examples"';
const PERIMETERS = 'IAM User Guide, "Establish permissions guardrails using data perimeters"';

const ROOT = { name: 'Root' };
const workloads = (more: object) => ({ levels: [ROOT, { name: 'OU Workloads', ...more }] });
const BY_SCP = { ...DENIED, policy: 'scp' } as const;
const LIST = allow('s3:ListBucket', 'data');
const everyone = (...statement: Parameters<typeof deny>) => [forPrincipal('*', deny(...statement))];
const OWN = 'o-conformance';
const ORG_IDENTITIES = everyone('s3:*', '*', {
  StringNotEqualsIfExists: { 'aws:PrincipalOrgID': OWN },
  BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
});
const noConfusedDeputy = (organization: string) =>
  everyone(['s3:*', 'sts:*'], '*', {
    StringNotEqualsIfExists: { 'aws:SourceOrgID': organization },
    Null: { 'aws:SourceAccount': 'false' },
    Bool: { 'aws:PrincipalIsAWSService': 'true' },
  });
const outsideRegion = (region: string) => [
  {
    Effect: 'Deny' as const,
    NotAction: ['eks-auth:*', 'sts:*'],
    Resource: '*',
    Condition: { StringNotEquals: { 'aws:RequestedRegion': region } },
  },
];
const reader = { roles: { app: podIdentityRole(readData, LIST) }, workloads: APP, objects: ['data/key'] };

suite('organizations', ({ scenario }) => {
  scenario('OG-01', 'a service control policy of an OU denies what a role allows', {
    source: EVALUATION,
    ...reader,
    organization: workloads({ scps: { DenyReads: [deny('s3:GetObject', '*')] } }),
    probes: [control('app', listObjects('data')), denied('app', getObject('data/key'), BY_SCP)],
  });

  scenario('OG-02', 'a service control policy denies requests to another Region', {
    source:
      'AWS Organizations User Guide, "Service control policy examples", Deny access based on the requested Region',
    ...reader,
    organization: workloads({ scps: { DenyOutsideRegions: outsideRegion('eu-central-1') } }),
    probes: [controlSucceeds(askEksAuth('app')), denied('app', getObject('data/key'), BY_SCP)],
  });

  scenario('OG-03', 'a level without FullAWSAccess allows only the actions of its own policy', {
    source: EVALUATION,
    ...reader,
    organization: workloads({
      withoutFullAccess: true,
      scps: { AllowedServices: [allow(['eks-auth:*', 'sts:*', 's3:ListBucket'], '*')] },
    }),
    probes: [control('app', listObjects('data')), denied('app', getObject('data/key'), { ...BY_SCP, explicit: false })],
  });

  scenario('OG-04', 'a Deny of sts:TagSession restricts the session of a role, not EKS Auth', {
    source: `${SCPS}; Amazon EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles"`,
    roles: { app: base('target'), target: target() },
    workloads: {
      app: { role: 'app' },
      chained: { serviceAccount: 'chained', role: { role: 'app', targetRole: 'target' } },
    },
    organization: workloads({ scps: { DenyTags: [deny('sts:TagSession', '*')] } }),
    probes: [
      controlSucceeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      fails(askEksAuth('chained'), MAY_NOT_ASSUME),
    ],
  });

  scenario('OG-05', 'service control policies do not restrict the management account', {
    source: SCPS,
    ...reader,
    organization: { ...workloads({ scps: { DenyAll: [deny('*', '*')] } }), managementAccount: 'main' },
    probes: [granted('app', getObject('data/key'))],
  });

  scenario('OG-06', 'a resource control policy with aws:PrincipalOrgID denies accounts outside the organization', {
    source: `${RCPS}; ${RCP_EXAMPLES}, Restrict access to only organization identities`,
    roles: {
      app: podIdentityRole(readData, allow(['sts:AssumeRole', 'sts:TagSession'], '<role:outside>')),
      outside: targetRole('app', {}, readData),
    },
    workloads: {
      app: { role: 'app' },
      outside: { serviceAccount: 'outside', role: { role: 'app', targetRole: 'outside' } },
    },
    buckets: { data: { policy: [forPrincipal(['<role:app>', '<role:outside>'], readData)] } },
    objects: ['data/key'],
    organization: workloads({ rcps: { OrganizationIdentities: ORG_IDENTITIES } }),
    probes: [
      control('app', getObject('data/key')),
      controlSucceeds(askEksAuth('outside'), { roleArn: '<role:outside>' }),
      denied('outside', getObject('data/key'), DENIED_ELSEWHERE),
    ],
  });

  scenario('OG-07', 'a resource control policy against confused deputies admits EKS Auth of the organization', {
    source: `${RCP_EXAMPLES}, Cross-service confused deputy protection`,
    ...reader,
    organization: workloads({ rcps: { ConfusedDeputy: noConfusedDeputy(OWN) } }),
    probes: [granted('app', getObject('data/key'))],
  });

  scenario('OG-08', 'a resource control policy against confused deputies denies EKS Auth of another organization', {
    source: `${RCP_EXAMPLES}, Cross-service confused deputy protection`,
    roles: { app: { trust: [trustPodIdentity(), trustWebIdentity({ subject: 'app/app' })] } },
    workloads: APP,
    tokens: WEB_TOKEN,
    organization: workloads({ rcps: { ConfusedDeputy: noConfusedDeputy('o-another1234') } }),
    probes: [controlSucceeds(assumeByToken('app', 'web')), fails(askEksAuth('app'), MAY_NOT_ASSUME)],
  });

  scenario('OG-09', 'pods work within a whole data perimeter', {
    source: PERIMETERS,
    ...reader,
    organization: workloads({
      scps: {
        Regions: outsideRegion('us-west-2'),
        OrganizationResources: [deny('s3:*', '*', { StringNotEqualsIfExists: { 'aws:ResourceOrgID': OWN } })],
      },
      rcps: { OrganizationIdentities: ORG_IDENTITIES, ConfusedDeputy: noConfusedDeputy(OWN) },
    }),
    probes: [granted('app', getObject('data/key')), succeeds(askEksAuth('app'))],
  });
});
