/** An EKS Auth for the agent under load: what it answers tells whose token it was asked with. */
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen, stopServer } from '../../../foundation/node/listen.ts';

/** Credentials as the agent gives them to a pod (Amazon EKS API Reference, "AssumeRoleForPodIdentity"). */
export interface PodCredentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
}

/** What pod `number` gets, in each of three members, so that no part of another pod's answer is taken for its own. */
export function credentialsOf(number: number): PodCredentials {
  const digits = String(number).padStart(16, '0');
  return {
    AccessKeyId: `ASIA${digits}`,
    SecretAccessKey: `secret-of-pod-${digits}`,
    // About as long as those of AWS.
    Token: `session-of-pod-${digits}`.repeat(25),
  };
}

export interface LoadEksAuth {
  readonly url: string;
  /** Calls by the number of the pod whose token they brought. */
  readonly calls: Map<number, number>;
  close(): Promise<void>;
}

/**
 * Tokens are not verified: the agent does not verify them either.
 *
 * @param milliseconds that each answer takes
 */
export async function startEksAuth(milliseconds = 0): Promise<LoadEksAuth> {
  const calls = new Map<number, number>();
  const server: Server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const { token } = JSON.parse(body) as { token: string };
      const number = podOf(token);
      calls.set(number, (calls.get(number) ?? 0) + 1);
      await sleep(milliseconds);
      response.writeHead(200, { 'content-type': 'application/json', 'x-amzn-requestid': `load-${number}` });
      response.end(JSON.stringify(answerFor(number)));
    });
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, calls, close: () => stopServer(server) };
}

function podOf(token: string): number {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    'kubernetes.io': { pod: { name: string } };
  };
  return Number(claims['kubernetes.io'].pod.name.replace('pod-', ''));
}

function answerFor(number: number) {
  const { AccessKeyId, SecretAccessKey, Token } = credentialsOf(number);
  return {
    audience: 'pods.eks.amazonaws.com',
    subject: { namespace: 'load', serviceAccount: `account-${number}` },
    podIdentityAssociation: {
      associationArn: `arn:aws:eks:us-west-2:111122223333:podidentityassociation/load/a-${number}`,
      associationId: `a-${number}`,
    },
    assumedRoleUser: {
      arn: `arn:aws:sts::111122223333:assumed-role/role-${number}/eks-load-pod-${number}`,
      assumeRoleId: `AROA${number}:eks-load-pod-${number}`,
    },
    credentials: {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: Token,
      expiration: Math.floor(Date.now() / 1000) + 6 * 3600,
    },
  };
}
