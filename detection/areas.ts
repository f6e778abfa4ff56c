/** What is mutated: the reference subjects, by area. Paths of files, or of folders with an end of `/`. */
export const AREAS: Readonly<Record<string, readonly string[]>> = {
  'iam/policy': ['emulator/iam/policy/'],
  sts: ['emulator/sts/'],
  'eks-auth': ['emulator/eks-auth/'],
  'eks associations': ['emulator/eks/associations/'],
  sigv4: ['emulator/sigv4/'],
  's3 authorization': [
    'emulator/s3/authorize.ts',
    'emulator/s3/conditions.ts',
    'emulator/s3/bucket-policy.ts',
    'emulator/s3/public-access.ts',
  ],
  agent: ['components/agent/'],
  webhook: ['components/webhook/'],
  cluster: [
    'kubernetes/api-server/identity/',
    'kubernetes/api-server/authorization/',
    'kubernetes/kubelet/tokens.ts',
    'kubernetes/kubelet/volumes.ts',
    'kubernetes/kubelet/payload.ts',
  ],
};

/** What of these no run can reach or a reader alone sees: explanations, texts, logs, and programs of images. */
const LEFT_OUT =
  /\.test\.ts$|\/(explain[\w-]*|condition-keys|access-denied-message|label|log|metrics|options|types|index|main)\.ts$|components\/(agent|webhook)\/cli(\.ts|\/)|webhook\/api-server\//;

/** The area of a source file; undefined when it is not mutated. */
export function areaOf(file: string): string | undefined {
  if (LEFT_OUT.test(file)) return undefined;
  const within = (path: string): boolean => (path.endsWith('/') ? file.startsWith(path) : file === path);
  return Object.entries(AREAS).find(([, paths]) => paths.some(within))?.[0];
}

/** Mutators of Stryker that are used: all but those of regular expressions, which mostly make the same expression. */
export const MUTATORS = [
  'ArithmeticOperator',
  'ArrayDeclaration',
  'ArrowFunction',
  'AssignmentOperator',
  'BlockStatement',
  'BooleanLiteral',
  'ConditionalExpression',
  'EqualityOperator',
  'LogicalOperator',
  'MethodExpression',
  'ObjectLiteral',
  'OptionalChaining',
  'StringLiteral',
  'UnaryOperator',
  'UpdateOperator',
];
export const MUTATORS_LEFT_OUT = ['Regex'];
