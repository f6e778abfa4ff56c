/** Sources of small user suites, for tests of the command line. */

const WORLD = `
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/red/*')) },
    workloads: { red: { role: 'app' } },
    objects: ['data/red/key'],`;

/** Returns the source of a suite `mine` with these scenarios. */
export function suiteFile(...scenarios: readonly string[]): string {
  return `import * as all from 'eks-pod-identity-conformance';
const { suite, allow, deny, podIdentityRole, policyFile, granted, denied, refused, control, getObject, fetchCredentials, startPod, advanceClock, disturbAws } = all;
suite('mine', ({ scenario }) => {
${scenarios.join('\n')}
});
`;
}

export const scenario = (id: string, probes: string, world = WORLD): string =>
  `  scenario('${id}', 'the title of ${id}', {${world}\n    probes: [${probes}],\n  });`;

export const PASSES = `granted('red', getObject('data/red/key')), denied('red', getObject('data/blue/key'), { by: 's3', code: 'AccessDenied' })`;
/** Fails: expects a grant, but access is denied. */
export const FAILS = `granted('red', getObject('data/red/key')), granted('red', getObject('data/blue/key'))`;
/** Inconclusive: the control is denied. */
export const INCONCLUSIVE = `control('red', getObject('data/blue/key')), denied('red', getObject('data/blue/key'), { by: 's3' })`;
/** Times out: S3 does not answer. */
export const ENDLESS = `disturbAws({ service: 's3', operation: 'GetObject', delayMilliseconds: 600_000 }), granted('red', getObject('data/red/key'))`;
/** Error: a step fails, which the harness attributes to the environment. */
export const ERROR = `granted('red', getObject('data/red/key')), all.deleteAssociation('red'), all.deleteAssociation('red')`;
