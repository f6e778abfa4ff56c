import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';

/** Service account tokens of so many pods, with the claims of Kubernetes ("Service account tokens", schema for private claims). */
export async function podTokens(count: number): Promise<readonly string[]> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const now = Math.floor(Date.now() / 1000);
  return Promise.all(
    Array.from({ length: count }, (_, number) =>
      new SignJWT({
        'kubernetes.io': {
          namespace: 'load',
          node: { name: 'node-1', uid: uid(0) },
          pod: { name: `pod-${number}`, uid: uid(number + 1) },
          serviceaccount: { name: `account-${number}`, uid: uid(number + 1) },
        },
      })
        .setProtectedHeader({ alg: 'RS256', kid: 'a'.repeat(40) })
        .setIssuer('https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE')
        .setSubject(`system:serviceaccount:load:account-${number}`)
        .setAudience('pods.eks.amazonaws.com')
        .setJti(uid(number + 1))
        .setIssuedAt(now)
        .setNotBefore(now)
        .setExpirationTime(now + 86_400)
        .sign(privateKey),
    ),
  );
}

const uid = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
