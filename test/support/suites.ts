/** Little suites of a user's own, as text, for tests of the command line. */

const WORLD = `
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/red/*')) },
    workloads: { red: { role: 'app' } },
    objects: ['data/red/key'],`;

/** A suite file with these scenarios in the suite `mine`. */
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
/** Expects a grant where there is a denial. */
export const FAILS = `granted('red', getObject('data/red/key')), granted('red', getObject('data/blue/key'))`;
/** Its control is denied. */
export const INCONCLUSIVE = `control('red', getObject('data/blue/key')), denied('red', getObject('data/blue/key'), { by: 's3' })`;
/** S3 does not answer before its time is up. */
export const ENDLESS = `disturbAws({ service: 's3', operation: 'GetObject', delayMilliseconds: 600_000 }), granted('red', getObject('data/red/key'))`;
/** A step that cannot be taken: an error of the environment, as far as the harness can tell. */
export const ERROR = `granted('red', getObject('data/red/key')), all.deleteAssociation('red'), all.deleteAssociation('red')`;
