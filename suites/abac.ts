import { allow, denied, getObject, granted, podIdentityRole, suite } from '../harness/index.ts';

suite('abac', ({ scenario }) => {
  scenario('AB-01', 'a policy on the namespace tag keeps namespaces apart', {
    source: 'Amazon EKS User Guide, "Grant Pods access to AWS resources based on tags"',
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-namespace}/*')) },
    workloads: { red: { namespace: 'red', role: 'app' } },
    objects: ['data/<namespace:red>/key', 'data/<namespace:blue>/key'],
    probes: [
      granted('red', getObject('data/<namespace:red>/key')),
      denied('red', getObject('data/<namespace:blue>/key'), { by: 's3', code: 'AccessDenied', policy: 'identity' }),
    ],
  });
});
