/** Secrets outside their pods: logs and presigned URLs. */
import { expect } from 'chai';
import {
  askEksAuth,
  between,
  check,
  fails,
  fetchCredentials,
  granted,
  podIdentityRole,
  refused,
  removeAssociation,
  signedRequest,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { NO_ASSOCIATION } from '../lib/outcomes.ts';
import { APP, ASSOCIATED, readData } from '../lib/worlds.ts';

const AGENT = 'eks-pod-identity-agent';
const AGENTS = '/api/v1/namespaces/kube-system/pods';

suite('security', ({ scenario }) => {
  scenario('SEC-15', 'a presigned URL still works after the deletion of its association, until its session ends', {
    source:
      'Amazon S3 User Guide, "Download and upload objects with presigned URLs"; Amazon EKS API Reference, DeletePodIdentityAssociation',
    finding:
      "A URL signed by a pod outlives its association and the pod: it works for up to six hours, as long as the session's role may read.",
    roles: { app: podIdentityRole(readData) },
    workloads: APP,
    objects: ['data/key'],
    probes: [
      succeeds(signedRequest('app', 'GET data/key', { presigned: 60 }), { bytes: between(1, 1000) }),
      succeeds(removeAssociation('<association-id:app>')),
      fails(askEksAuth('app'), NO_ASSOCIATION),
      succeeds(signedRequest('app', 'GET data/key', { presigned: 60 })),
      fails(signedRequest('app', 'GET data/key', { presigned: 60, age: 3600 }), {
        by: 's3',
        code: 'AccessDenied',
        status: 403,
        message: 'Request has expired',
      }),
    ],
  });

  scenario('SEC-14', "the agent's log contains no token and no key", {
    source:
      'Amazon EKS Best Practices Guide, "Identity and Access Management"; OWASP, "Logging Cheat Sheet": data to exclude',
    ...ASSOCIATED,
    probes: [
      granted('app', fetchCredentials()),
      refused('app', fetchCredentials({ change: 'flip-signature' }), { by: 'eks-auth', status: 400 }),
      check('no line of the log has a token or an access key', async ({ kubernetes }) => {
        const { body } = await kubernetes({ path: `${AGENTS}?labelSelector=app.kubernetes.io/name=${AGENT}` });
        const { items } = JSON.parse(body) as { items: readonly { metadata: { name: string } }[] };
        const logs = await Promise.all(
          items.map(({ metadata: { name } }) =>
            kubernetes({ path: `${AGENTS}/${name}/log?container=${AGENT}&tailLines=2000` }),
          ),
        );
        const lines = logs.flatMap((log) => log.body.split('\n'));
        expect(lines.filter((line) => line.includes('fetched_role_arn')).length, 'lines on sessions').to.be.above(0);
        // Counts lines, so that no secret reaches the report. Role ids (AROA...) are no secrets, although they resemble key ids.
        const secret = /eyJ[\w-]{10,}\.[\w-]{10,}|\bA[KS]IA[A-Z0-9]{12,}|SecretAccessKey|"token":/;
        expect(lines.filter((line) => secret.test(line)).length, 'lines with a secret').to.equal(0);
      }),
    ],
  });
});
