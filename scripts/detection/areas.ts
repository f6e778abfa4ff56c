/** Mutated files and folders (with a trailing `/`) by area. */
export const AREAS: Readonly<Record<string, readonly string[]>> = {
  'iam/policy': ['identity/policy/'],
  identity: [
    'identity/assume-role.ts',
    'identity/packed-size.ts',
    'identity/pod-identity.ts',
    'identity/s3.ts',
    'identity/session-tags.ts',
    'identity/web-identity.ts',
  ],
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
    'clusters/kubernetes/api-server/identity/',
    'clusters/kubernetes/api-server/rest/token-request.ts',
    'clusters/kubernetes/api-server/model/user.ts',
    'clusters/kubernetes/api-server/authorization/',
    'clusters/kubernetes/kubelet/tokens.ts',
    'clusters/kubernetes/kubelet/volumes.ts',
    'clusters/kubernetes/kubelet/payload.ts',
  ],
};

/** Files that are not mutated: code that no run reaches, code that only writes messages, and the signer for external S3 backends. */
const LEFT_OUT =
  /\.test\.ts$|\/(explain[\w-]*|actions|condition-keys|access-denied-message|label|log|metrics|options|types|index|main|kept-session)\.ts$|components\/(agent|webhook)\/cli(\.ts|\/)|webhook\/api-server\/access|sigv4\/sign\.ts$/;

export function areaOf(file: string): string | undefined {
  if (LEFT_OUT.test(file)) return undefined;
  const within = (path: string): boolean => (path.endsWith('/') ? file.startsWith(path) : file === path);
  return Object.entries(AREAS).find(([, paths]) => paths.some(within))?.[0];
}

/** Mutators that are not used. Mutated regular expressions are mostly equivalent to the originals. */
export const MUTATORS_LEFT_OUT = ['Regex'];
